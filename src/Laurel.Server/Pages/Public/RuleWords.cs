using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Rules;
using Laurel.Core.Showcases;
using Microsoft.AspNetCore.Components;

namespace Laurel.Server.Pages;

/// <summary>A rule in words. Which actions match is not told in full: a filter is for who writes rules.</summary>
internal static class RuleWords
{
    /// <summary>To those who want one of its badges.</summary>
    public static RenderFragment Of(Reader reader, Rule rule, ShownBadge shown) =>
        Of(reader, rule.Draft, [rule.Draft.Tiers.First(tier => tier.BadgeId == shown.Badge.Id).Target], shown.Named);

    /// <param name="targets">Those that are told.</param>
    /// <param name="named">The badges that may be named, by id.</param>
    public static RenderFragment Of(Reader reader, RuleDraft draft, IReadOnlyList<decimal> targets, IReadOnlyDictionary<long, Badge> named) => builder =>
    {
        builder.AddContent(0, Condition(reader, draft, targets, named));
        if (draft.Filter is not null)
        {
            builder.AddContent(1, " " + reader["rule.filter"]);
        }
        if (draft.Recipient == Recipient.Owner)
        {
            builder.AddContent(2, " " + reader["rule.owner"]);
        }
        if (draft.ValidFrom is { } from)
        {
            builder.AddContent(3, Spaced(reader.Phrase("rule.from", reader.When(from))));
        }
        if (draft.ValidUntil is { } until)
        {
            builder.AddContent(4, Spaced(reader.Phrase("rule.until", reader.When(until))));
        }
        if (draft.MaximumRecipients is { } most)
        {
            builder.AddContent(5, " " + reader.Count("rule.most", most));
        }
    };

    private static RenderFragment Spaced(RenderFragment phrase) => builder =>
    {
        builder.AddContent(0, " ");
        builder.AddContent(1, phrase);
    };

    private static RenderFragment Condition(Reader reader, RuleDraft draft, IReadOnlyList<decimal> targets, IReadOnlyDictionary<long, Badge> named)
    {
        var actions = Words.List(reader, [.. draft.Actions.Select(action => reader.Own(action))]);
        var number = Plain(string.Join(reader["list.comma"], targets.Select(reader.Language.Number)));
        return draft.Condition switch
        {
            Core.Rules.Condition.Each => reader.Phrase("rule.each", actions),
            Core.Rules.Condition.Count => reader.Phrase("rule.count", actions, number),
            Core.Rules.Condition.CountWithin within => reader.Phrase("rule.countWithin", actions, number, Plain(Span(reader, within.Window))),
            Core.Rules.Condition.CountPer per => reader.Phrase("rule.countPer", actions, number, Plain(Words.Period(reader, per.Period))),
            Core.Rules.Condition.DistinctSubjects => reader.Phrase("rule.distinct", actions, number),
            Core.Rules.Condition.Sum sum => reader.Phrase("rule.sum", actions, number, reader.Own(sum.Property)),
            Core.Rules.Condition.FirstIn first => reader.Phrase("rule.firstIn", actions, Plain(Words.Period(reader, first.Period))),
            Core.Rules.Condition.Streak { Unit: PeriodUnit.Week } => reader.Phrase("rule.streak.week", actions, number),
            Core.Rules.Condition.Streak => reader.Phrase("rule.streak.day", actions, number),
            Core.Rules.Condition.Holding holding => reader.Phrase("rule.holding", number, Held(reader, holding, named)),
            _ => throw new ArgumentOutOfRangeException(nameof(draft)),
        };
    }

    private static RenderFragment Held(Reader reader, Condition.Holding holding, IReadOnlyDictionary<long, Badge> named) => Words.List(reader,
        [.. holding.Badges.Where(named.ContainsKey).Select(id => named[id]).Select(badge => reader.Own(reader.TextOf(badge).Name, reader.LocaleOf(badge)))]);

    // In the largest unit that says it exactly.
    private static string Span(Reader reader, long micros) =>
        micros % Clock.Day == 0 ? reader.Count("span.day", micros / Clock.Day)
        : micros % (3600 * Clock.Second) == 0 ? reader.Count("span.hour", micros / (3600 * Clock.Second))
        : reader.Count("span.minute", Math.Max(1, micros / (60 * Clock.Second)));

    private static RenderFragment Plain(string text) => builder => builder.AddContent(0, text);
}
