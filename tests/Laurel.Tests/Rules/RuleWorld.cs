using System.Globalization;
using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Xunit;
using Recount = Laurel.Tests.Awards.Recount;

namespace Laurel.Tests.Rules;

/// <summary>One database for many stories; each has an issuer, badges, rules and users of its own in it.</summary>
internal sealed class RuleWorld : IAsyncDisposable
{
    private const int BadgesPerRule = 2;
    private const int FirstSet = 50;

    private readonly TestDatabase _database;
    private readonly ManualTime _time;
    private readonly TestCore[] _cores;
    private readonly Random _turns = new(1);
    private RuleBooks _model = new();
    private int _story;
    private long _latest;

    private RuleWorld(TestDatabase database, ManualTime time, TestCore[] cores) => (_database, _time, _cores) = (database, time, cores);

    private LaurelCore Core => _cores[0].Core;

    // Whoever is asked knows the same.
    private LaurelCore AnyCore => _cores[_turns.Next(_cores.Length)].Core;

    private long Issuer => _story;

    private long BadgeId(int badge) => (_story * 100L) + badge;

    // Spread, so that partitions and pages are.
    private long UserId(int user) => (_story * 7919L) + user + 1;

    private long ActionId(int action) => (_story * 1000L) + action;

    private long RuleId(int rule) => (_story * 10L) + rule + 1;

    private string Type(bool other) => $"{(other ? "other" : "deed")}-{_story}";

    public static async Task<RuleWorld> Open(Engine engine, int cores = 1)
    {
        var database = await TestDatabase.Create(engine);
        var time = new ManualTime(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var opened = new TestCore[cores];
        for (var i = 0; i < cores; i++)
        {
            opened[i] = await TestCore.OpenSecond(database, time, Clock.ToTime(Timeline.Lateness) - DateTimeOffset.UnixEpoch);
        }
        return new RuleWorld(database, time, opened);
    }

    /// <summary>All that is left must add up.</summary>
    public async Task AssertSound()
    {
        Go(Math.Max(_latest, _time.Micros()));
        foreach (var core in _cores)
        {
            await TestCore.Settled(core.Core);
        }
        await Recount.AssertExact(Core, _time.Micros());
        Assert.Empty((await Doctor.Examine(Core.Database.Options, _time)).Findings);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var core in _cores)
        {
            await core.DisposeAsync();
        }
        await _database.DisposeAsync();
    }

    /// <summary>Lets a story happen and compares what everybody holds with the model.</summary>
    public async Task Play(Story story)
    {
        _story++;
        _model = new RuleBooks();
        var happenings = Timeline.Of(story);
        // Stories lie before and after each other, as the calendar has it.
        _time.StepClock(TimeSpan.FromMicroseconds(Timeline.Starts[story.Start] - _time.Micros()));
        await Prepare(story, happenings);
        var together = new List<Happening>();
        foreach (var happening in happenings)
        {
            Go(happening.At);
            if (happening.Told is null)
            {
                await Record(story, together);
                await Do(story, happening);
                continue;
            }
            together.Add(happening);
            if (!happening.JoinsNext)
            {
                await Record(story, together);
            }
        }
        await Record(story, together);
        await Compare(story);
    }

    private void Go(long at)
    {
        Assert.Empty(TestCore.Deaths);
        _time.Jump(TimeSpan.FromMicroseconds(Math.Max(0, at - _time.Micros())));
        _latest = Math.Max(_latest, _time.Micros());
    }

    private async Task Prepare(Story story, IReadOnlyList<Happening> happenings)
    {
        await _cores[0].Issuer(Issuer, Timeline.ZoneOfIssuer(story));
        TestCore.Value(await Core.ActionTypes.Put(Type(false), null, createOnly: false));
        TestCore.Value(await Core.ActionTypes.Put(Type(true), null, createOnly: false));
        for (var user = 0; user < story.Users.Length; user++)
        {
            await Live(user, Timeline.Zones[story.Users[user]]);
            _model.Lives(user, Timeline.Zones[story.Users[user]], 0);
        }
        for (var number = 0; number < story.Rules.Length; number++)
        {
            var plan = story.Rules[number];
            var (from, until) = Bounds(plan, happenings);
            _model.Rules.Add(new RuleBooks.ModelRule
            {
                Counting = new RuleModel.Counting(plan.Condition, plan.CountsAllTypes ? [Type(false), Type(true)] : [Type(false)], plan.OfOwners, plan.Level,
                    Math.Max(from ?? 0, _time.Micros()), until ?? long.MaxValue)
                {
                    IssuerZone = Timeline.ZoneOfIssuer(story),
                    Lateness = Timeline.Lateness,
                },
                FirstBadge = number * BadgesPerRule,
                Targets = plan.Targets,
                Recurrence = plan.Recurrence,
            });
            for (var tier = 0; tier < plan.Targets.Length; tier++)
            {
                await _cores[0].Badge(BadgeId((number * BadgesPerRule) + tier), Issuer, plan.Recurrence.ToCore());
            }
            await PutRule(story, number, happenings, plan.Level, "as planned");
        }
        if (story.Sets)
        {
            await PrepareSets(story);
        }
    }

    private static (long? From, long? Until) Bounds(RulePlan plan, IReadOnlyList<Happening> happenings)
    {
        var times = happenings.Where(each => each.Told is not null).Select(each => each.Told!.At).Order().ToList();
        return !plan.IsBounded || times.Count < 4 ? (null, null)
            : (times[1], times[^2] > times[1] ? times[^2] : null);
    }

    private async Task PutRule(Story story, int number, IReadOnlyList<Happening> happenings, int? level, string name)
    {
        var plan = story.Rules[number];
        var (from, until) = Bounds(plan, happenings);
        TestCore.Value(await Core.Rules.Put(RuleId(number), new RuleDraft
        {
            Key = $"rule-{RuleId(number)}",
            Name = name,
            Enabled = true,
            Actions = plan.CountsAllTypes ? [Type(true), Type(false)] : [Type(false)],
            Filter = level is null ? null : $"properties.level >= {level}",
            Recipient = plan.OfOwners ? Recipient.Owner : Recipient.Actor,
            Condition = plan.Condition.ToCore(),
            Tiers = [.. plan.Targets.Select((target, tier) => new Tier(BadgeId((number * BadgesPerRule) + tier), target))],
            ValidFrom = from,
            ValidUntil = until,
        }, createOnly: false, TestCore.Administrator));
    }

    // Of the rules' first badges some and all, of those and one more, and of that.
    private async Task PrepareSets(Story story)
    {
        int[] first = [.. Enumerable.Range(0, story.Rules.Length).Select(number => number * BadgesPerRule)];
        RuleBooks.ModelSet[] sets =
        [
            new(first, first.Length > 1 ? [1, first.Length] : [1], FirstSet), new([first[^1], FirstSet], [2], FirstSet + 2), new([FirstSet + 2], [1], FirstSet + 3),
        ];
        // Badges are there before rules name them, and rules come in no order that would help.
        for (var badge = 0; badge < 4; badge++)
        {
            await _cores[0].Badge(BadgeId(FirstSet + badge), Issuer);
        }
        for (var number = sets.Length - 1; number >= 0; number--)
        {
            var (set, id) = (sets[number], RuleId(9 - number - 1));
            TestCore.Value(await Core.Rules.Put(id, new RuleDraft
            {
                Key = $"rule-{id}",
                Enabled = true,
                Condition = new Condition.Holding([.. set.Of.Select(BadgeId)]),
                Tiers = [.. set.Targets.Select((target, tier) => new Tier(BadgeId(set.FirstBadge + tier), target))],
            }, createOnly: false, TestCore.Administrator));
        }
        _model.Sets.AddRange(sets);
    }

    private async Task Live(int user, string? zone) =>
        TestCore.Value(await AnyCore.Users.Put(UserId(user), new UserDraft { Username = $"user{UserId(user)}", TimeZone = zone }, null, createOnly: false));

    // Several come in one call, or in one call each, to whichever core.
    private async Task Record(Story story, List<Happening> together)
    {
        if (together.Count == 0)
        {
            return;
        }
        var now = _time.Micros();
        var drafts = together.Select(each => Draft(each.Told!)).ToList();
        if (together.Count == 1)
        {
            TestCore.Value(await AnyCore.Actions.Record(drafts[0]));
        }
        else if (_cores.Length == 1 && together.Count % 2 == 0)
        {
            Assert.All(await AnyCore.Actions.RecordAll(drafts, TestCore.Administrator, default), each => TestCore.Value(each!.Value));
        }
        else
        {
            await Task.WhenAll(drafts.Select((draft, index) =>
            {
                var core = _cores[index % _cores.Length].Core;
                return Task.Run(async () => TestCore.Value(await core.Actions.Record(draft)));
            }));
        }
        _model.Record(together.Select(each => Deed(story, each.Told!, now)).DistinctBy(deed => deed.Id).Where(deed => !_model.IsRecorded(deed.Id)).ToList());
        together.Clear();
    }

    private ActionDraft Draft(Telling told)
    {
        var owner = told.Owner is { } user ? string.Create(CultureInfo.InvariantCulture, $",\"ownerId\":{UserId(user)}") : "";
        var points = told.Amount is { } amount ? string.Create(CultureInfo.InvariantCulture, $",\"points\":{amount}") : "";
        return new ActionDraft(Type(told.IsOther), UserId(told.Actor))
        {
            Id = ActionId(told.Action),
            Subject = told.Subject,
            OccurredAt = told.At,
            Properties = $"{{\"level\":{told.Level}{owner}{points}}}",
        };
    }

    private RuleModel.Deed Deed(Story story, Telling told, long now) => new(
        ActionId(told.Action), Type(told.IsOther), told.Actor, told.Owner < story.Users.Length ? told.Owner : null, told.Subject, told.Amount, told.Level, told.At, now);

    private async Task Do(Story story, Happening happening)
    {
        var choice = happening.Step.Choice;
        switch (happening.Step.What)
        {
            case What.Travel:
                // Across the date line, more often than not.
                var zone = Timeline.Zones[choice % 2 == 0 ? 3 + (choice / 2 % 2) : choice / 2 % Timeline.Zones.Length];
                await Live(happening.User, zone);
                _model.Lives(happening.User, zone, _time.Micros());
                break;
            case What.Award:
                await Award(story, happening, choice);
                break;
            case What.Remove:
                await Remove(story, happening.User, choice);
                break;
            default:
                await Redefine(story, choice);
                break;
        }
    }

    private async Task Award(Story story, Happening happening, int choice)
    {
        var (user, number) = (happening.User, choice % story.Rules.Length);
        var (badge, recurrence) = (number * BadgesPerRule, story.Rules[number].Recurrence);
        var at = _time.Micros() - (choice % 4) * 600 * Clock.Second;
        var told = story.Steps.Where(step => step.What == What.Act).Skip(choice % 5).FirstOrDefault();
        var action = told is null ? null : Timeline.Of(story).First(each => each.Step == told).Told;
        var asked = new RuleModel.Reaching(at, recurrence.Kind == ModelRecurrence.PerAction && action is not null ? ActionId(action.Action) : null, $"post:{1 + (choice % 3)}");
        if (recurrence.Kind == ModelRecurrence.Always || (recurrence.Kind == ModelRecurrence.PerAction && asked.Action is null))
        {
            return;
        }
        var made = _model.Award(user, badge, recurrence, Timeline.ZoneOfIssuer(story), asked);
        var outcome = await AnyCore.Awarding.Award(new AwardRequest(UserId(user), BadgeId(badge), AwardSource.Native)
        {
            AwardedAt = at,
            Subject = asked.Subject,
            ActionId = asked.Action,
        }, TestCore.Administrator, bulk: false, default);
        Same(story, made, outcome.Created, $"{happening}: whether this is an award");
    }

    private async Task Remove(Story story, int user, int choice)
    {
        await Compare(story);
        var standing = _model.Standing(user);
        if (standing.Count == 0)
        {
            return;
        }
        var row = standing[choice / 2 % standing.Count];
        var kind = choice % 2 == 0 ? RemovalKind.Reset : RemovalKind.Revoke;
        var award = (await Core.UserAwards.List(UserId(user), Position.First, 1000)).Single(each => ToRow(each) == row);
        Assert.NotNull(await AnyCore.Awarding.Remove(UserId(user), award.Id, kind, null, null, default));
        _model.Remove(user, row, kind);
    }

    private async Task Redefine(Story story, int choice)
    {
        var number = choice % story.Rules.Length;
        var rule = _model.Rules[number];
        // A new name changes nothing; another filter begins anew.
        var level = choice % 3 == 0 ? rule.Counting.Level : rule.Counting.Level is null ? 1 : (int?)null;
        await PutRule(story, number, Timeline.Of(story), level, $"as of {choice}");
        if (level != rule.Counting.Level)
        {
            var now = _time.Micros();
            rule.Counting = rule.Counting with { Level = level, From = Math.Max(now, Bounds(story.Rules[number], Timeline.Of(story)).From ?? 0) };
            rule.Generation++;
        }
    }

    private async Task Compare(Story story)
    {
        if (_cores.Length > 1)
        {
            foreach (var core in _cores)
            {
                await TestCore.Settled(core.Core);
            }
        }
        for (var user = 0; user < story.Users.Length; user++)
        {
            var rows = (await Core.UserAwards.List(UserId(user), Position.First, 1000)).Select(ToRow)
                .OrderBy(row => row.Badge).ThenBy(row => row.Occasion, StringComparer.Ordinal).ToList();
            Same(story, Text(_model.Standing(user)), Text(rows), $"{Timeline.Text(_time.Micros())}: what user {user} holds");
        }
    }

    private RuleBooks.Row ToRow(Award award) =>
        new((int)(award.BadgeId - BadgeId(0)), award.Occasion, award.AwardedAt, award.ActionId, award.Source == AwardSource.Rule);

    private string Text(IEnumerable<RuleBooks.Row> rows) => string.Concat(rows.Select(row =>
        $"\n  badge {row.Badge} '{Shorter(row.Occasion)}' at {Timeline.Text(row.At)} for {(row.Action is { } action ? $"action {action - ActionId(0)}" : "none")}{(row.ByRule ? "" : " by others")}"));

    private string Shorter(string occasion) =>
        occasion.StartsWith("a:", StringComparison.Ordinal) ? $"a:{long.Parse(occasion[2..], CultureInfo.InvariantCulture) - ActionId(0)}" : occasion;

    private static void Same<T>(Story story, T expected, T found, string what)
    {
        if (!Equals(expected, found))
        {
            throw new Xunit.Sdk.XunitException($"{what}\nin {story}\nexpected: {expected}\nfound: {found}");
        }
    }
}
