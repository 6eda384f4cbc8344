using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Rules;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>What a caller sets of a rule. It awards one badge, for the number in <see cref="When"/>, or several, each for the number
/// of its tier: then <c>true</c> stands in the place of the number.</summary>
internal class RuleBody
{
    public required string Key { get; set; }
    public string? Name { get; set; }
    public bool Enabled { get; set; } = true;
    public IReadOnlyList<string> Actions { get; set; } = [];
    public string? Filter { get; set; }
    public string Recipient { get; set; } = "actor";
    public required WhenJson When { get; set; }
    public long? BadgeId { get; set; }
    public IReadOnlyList<TierJson>? Tiers { get; set; }
    public Timestamp? ValidFrom { get; set; }
    public Timestamp? ValidUntil { get; set; }
    public int? MaximumRecipients { get; set; }
    public int? AlarmAfterDays { get; set; }

    public Outcome<RuleDraft> ToDraft()
    {
        if (RecipientOf(Recipient) is not { } recipient)
        {
            return Refusal.Invalid("recipient", "A recipient is actor or owner.");
        }
        if (!When.ToCondition().Succeeded(out var when, out var refusal) || !ToTiers(when.Target).Succeeded(out var tiers, out refusal))
        {
            return refusal;
        }
        return new RuleDraft
        {
            Key = Key,
            Name = Name,
            Enabled = Enabled,
            Actions = Actions,
            Filter = Filter,
            Recipient = recipient,
            Condition = when.Condition,
            Tiers = tiers,
            ValidFrom = ValidFrom?.Micros,
            ValidUntil = ValidUntil?.Micros,
            MaximumRecipients = MaximumRecipients,
            AlarmAfterDays = AlarmAfterDays,
        };
    }

    private Outcome<List<Tier>> ToTiers(TargetJson target) => (BadgeId, Tiers, target.Number) switch
    {
        ({ } badge, null, { } number) => new List<Tier> { new(badge, number) },
        (null, { } tiers, null) => tiers.Select(ToTier).ToList(),
        ({ }, null, null) => Refusal.Invalid("when", "A rule with a badgeId says the number that earns it; true is for tiers."),
        (null, { }, { }) => Refusal.Invalid("when", "A rule with tiers has true in the place of the number, where its kind takes tiers."),
        _ => Refusal.Invalid("badgeId", "A rule has either a badgeId or tiers."),
    };

    // The serializer lets a null pass as an element.
    private static Tier ToTier(TierJson? tier, int index) => tier is null
        ? throw new BadRequestException("Null where a value is required.", field: $"tiers[{index}]")
        : new Tier(tier.BadgeId, TargetJson.Plain(tier.At));

    private static Recipient? RecipientOf(string word) => word switch
    {
        "actor" => Laurel.Core.Rules.Recipient.Actor,
        "owner" => Laurel.Core.Rules.Recipient.Owner,
        _ => null,
    };

    private static string Word(Recipient recipient) => recipient switch
    {
        Laurel.Core.Rules.Recipient.Actor => "actor",
        Laurel.Core.Rules.Recipient.Owner => "owner",
    };

    public static RuleBody From(RuleDraft draft) => Fill(new RuleBody { Key = draft.Key, When = WhenJson.From(draft) }, draft);

    protected static T Fill<T>(T told, RuleDraft draft)
        where T : RuleBody
    {
        var single = draft.Tiers.Count == 1;
        told.Name = draft.Name;
        told.Enabled = draft.Enabled;
        told.Actions = draft.Actions;
        told.Filter = draft.Filter;
        told.Recipient = Word(draft.Recipient);
        told.BadgeId = single ? draft.Tiers[0].BadgeId : null;
        told.Tiers = single ? null : [.. draft.Tiers.Select(tier => new TierJson { BadgeId = tier.BadgeId, At = tier.Target })];
        told.ValidFrom = Timestamp.Of(draft.ValidFrom);
        told.ValidUntil = Timestamp.Of(draft.ValidUntil);
        told.MaximumRecipients = draft.MaximumRecipients;
        told.AlarmAfterDays = draft.AlarmAfterDays;
        return told;
    }
}

internal sealed class RuleJson : RuleBody
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }

    /// <summary>Read-only: counts its changes, from 1.</summary>
    public long Revision { get; set; }

    /// <summary>Read-only: what happened before does not count.</summary>
    public Timestamp CountsFrom { get; set; }
    public Timestamp CreatedAt { get; set; }
    public Timestamp UpdatedAt { get; set; }

    public static RuleJson From(Rule rule) => Fill(
        new RuleJson
        {
            Id = rule.Id,
            Key = rule.Draft.Key,
            When = WhenJson.From(rule.Draft),
            Revision = rule.Revision,
            CountsFrom = new(rule.CountsFrom),
            CreatedAt = new(rule.CreatedAt),
            UpdatedAt = new(rule.UpdatedAt),
        },
        rule.Draft);
}

/// <summary>A badge, and the number that earns it.</summary>
internal sealed class TierJson
{
    public required long BadgeId { get; set; }
    public required decimal At { get; set; }
}

/// <summary>A rule as a change left it.</summary>
internal sealed record RuleRevisionJson(long Revision, Timestamp CreatedAt, long? CreatedBy, RuleBody Rule)
{
    public static RuleRevisionJson From(RuleRevision revision) =>
        new(revision.Number, new(revision.CreatedAt), revision.CreatedBy, RuleBody.From(revision.Draft));
}

/// <summary>What has become of a rule.</summary>
internal sealed record RuleWatchJson(long RuleId, long Awarded, Timestamp? LastAwardedAt, long Late, bool IsAlarming)
{
    public static RuleWatchJson From(RuleWatch watch) =>
        new(watch.RuleId, watch.Awarded, Timestamp.Of(watch.LastAwardedAt), watch.Late, watch.IsAlarming);
}

/// <summary>How far a user is in a rule, on the way to a badge of it.</summary>
internal sealed record ProgressJson(long RuleId, string RuleKey, long BadgeId, decimal Count, decimal Target, bool Done)
{
    public static ProgressJson From(RuleProgress progress) => new(
        progress.RuleId, progress.RuleKey, progress.BadgeId, TargetJson.Plain(progress.Count), TargetJson.Plain(progress.Target), progress.IsDone);
}
