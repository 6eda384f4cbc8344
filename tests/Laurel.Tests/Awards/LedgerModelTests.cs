using FsCheck;
using FsCheck.Fluent;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>Random histories against <see cref="LedgerModel"/>. A failure prints its seed and the shrunk history; to run it again,
/// set LAUREL_TEST_REPLAY to the seed, as <c>123,457</c>.</summary>
public sealed class LedgerModelTests
{
    [Theory, EveryEngine(150, 1, Only = [Engine.Sqlite]), EveryEngine(25, 1, Only = [Engine.Postgres]),
     EveryEngine(15, 1, Only = [Engine.PostgresPartitioned]), EveryEngine(12, 2, Only = [Engine.Postgres])]
    public async Task Any_history_agrees_with_the_model(Engine engine, int histories, int cores)
    {
        await using var world = await World.Open(engine, cores);
        await RandomCases.Check(histories, Histories, world.Play);
    }

    private static Arbitrary<Step[]> Histories
    {
        get
        {
            var step =
                from what in Gen.Frequency(
                    (30, Gen.Constant(What.Award)), (8, Gen.Constant(What.Manual)), (8, Gen.Constant(What.Automatic)), (14, Gen.Constant(What.Import)),
                    (8, Gen.Constant(What.RemoveOne)), (6, Gen.Constant(What.RemoveAll)), (4, Gen.Constant(What.Enable)), (4, Gen.Constant(What.Redefine)),
                    (6, Gen.Constant(What.Visit)), (12, Gen.Constant(What.Wait)), (6, Gen.Constant(What.Compare)), (1, Gen.Constant(What.Restart)))
                // Few keys, often: what is wrong shows where steps meet.
                from user in Gen.Frequency((12, Gen.Constant(0)), (4, Gen.Constant(1)), (1, Gen.Constant(2)))
                from badge in Gen.Frequency((3, Gen.Choose(0, 1)), (1, Gen.Choose(0, 4)))
                from choice in Gen.Choose(0, 999)
                from subject in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(0, 3)))
                from ago in Gen.Choose(0, 11)
                select new Step(what, user, badge, choice, subject, ago);
            return Arb.From(Gen.Choose(1, 80).SelectMany(length => step.ArrayOf(length)), Bounded);
        }
    }

    // A history that fails shows a short one within a minute, or the shortest found by then.
    private static Func<Step[], IEnumerable<Step[]>> Bounded
    {
        get
        {
            var shrinking = new System.Diagnostics.Stopwatch();
            return steps =>
            {
                shrinking.Start();
                return Shorter(steps).TakeWhile(_ => shrinking.Elapsed < TimeSpan.FromSeconds(45));
            };
        }
    }

    // Without a half, a quarter, …, one step; then with simpler steps.
    private static IEnumerable<Step[]> Shorter(Step[] steps)
    {
        for (var size = steps.Length / 2; size > 0; size /= 2)
        {
            for (var from = 0; from + size <= steps.Length; from += size)
            {
                yield return [.. steps[..from], .. steps[(from + size)..]];
            }
        }
        for (var i = 0; i < steps.Length; i++)
        {
            var step = steps[i];
            foreach (var simpler in new[] { step with { Ago = 0 }, step with { Subject = 0 }, step with { User = 0 } })
            {
                if (simpler != step)
                {
                    yield return [.. steps[..i], simpler, .. steps[(i + 1)..]];
                }
            }
        }
    }

    private enum What
    {
        Award,
        Manual,
        Automatic,
        Import,
        RemoveOne,
        RemoveAll,
        Enable,
        Redefine,
        Visit,
        Wait,
        Compare,
        Restart,
    }

    private sealed record Step(What What, int User, int Badge, int Choice, int Subject, int Ago)
    {
        public RemovalKind Kind => Choice % 3 == 0 ? RemovalKind.Revoke : RemovalKind.Reset;

        public override string ToString() => $"{What} user {User} badge {Badge} choice {Choice} subject {Subject} ago {Ago}\n";
    }

    /// <summary>One database for all histories; each has issuers, badges and users of its own in it.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly TestDatabase _database;
        private readonly ManualTime _time;
        private readonly TestCore[] _laurels;
        private LedgerModel _model = new();
        private int _turn;
        private int _history;
        private long _ownIds;

        private World(TestDatabase database, ManualTime time, TestCore[] laurels) => (_database, _time, _laurels) = (database, time, laurels);

        // Every step through the next one.
        private LaurelCore Core => _laurels[_turn % _laurels.Length].Core;

        private long Now => _time.Micros();

        private long BadgeId(int badge) => (_history * 100L) + badge + 1;

        // Spread, so that partitions and pages are; user 2 never exists.
        private long UserId(int user) => (_history * 7919L) + user + 1;

        private long IssuerId(int issuer) => (_history * 10L) + issuer + 1;

        public static async Task<World> Open(Engine engine, int cores)
        {
            var database = await TestDatabase.Create(engine);
            // Just before a change to summer time.
            var time = new ManualTime(new(2026, 3, 6, 22, 0, 0, TimeSpan.Zero));
            var laurels = new TestCore[cores];
            for (var core = 0; core < cores; core++)
            {
                laurels[core] = await TestCore.OpenSecond(database, time);
            }
            return new World(database, time, laurels);
        }

        public async ValueTask DisposeAsync()
        {
            await Recount.AssertExact(Core, Now);
            foreach (var laurel in _laurels)
            {
                await laurel.DisposeAsync();
            }
            await _database.DisposeAsync();
        }

        public async Task Play(Step[] steps)
        {
            _history++;
            _model = new LedgerModel();
            var shift = steps.Sum(step => step.Choice);
            for (var issuer = 0; issuer < 2; issuer++)
            {
                await _laurels[0].Issuer(IssuerId(issuer), Zone(issuer, shift).Id);
            }
            for (var badge = 0; badge < 5; badge++)
            {
                var recurrence = ModelRecurrence.All[(badge + shift) % ModelRecurrence.All.Length];
                _model.Badges[BadgeId(badge)] = new LedgerModel.ModelBadge
                {
                    Issuer = IssuerId(badge % 2),
                    Zone = Zone(badge % 2, shift),
                    Recurrence = recurrence,
                };
                await _laurels[0].Badge(BadgeId(badge), IssuerId(badge % 2), recurrence.ToCore());
            }
            for (var user = 0; user < 2; user++)
            {
                await _laurels[0].User(UserId(user));
                _model.Users.Add(UserId(user));
            }
            foreach (var step in steps)
            {
                _turn++;
                await Do(step);
                if (step.What is What.Enable or What.Redefine)
                {
                    await Heard(BadgeId(step.Badge));
                }
            }
            await Compare();
        }

        // By all of them, within the second that it may take.
        private async Task Heard(long badge)
        {
            var stored = Facts((await Core.Badges.FindAgain(badge))!);
            foreach (var laurel in _laurels)
            {
                while (Facts((await laurel.Core.Badges.Find(badge))!) != stored)
                {
                    await Task.Delay(10);
                }
            }
        }

        private static (bool, Recurrence, string) Facts(Badge badge) => (badge.Enabled, badge.Recurrence, badge.Texts["en"].Name);

        private static ModelZone Zone(int issuer, int shift) => ModelZone.All[(issuer + shift) % ModelZone.All.Length];

        private async Task Do(Step step)
        {
            switch (step.What)
            {
                case What.Award:
                case What.Manual:
                    await Award(step);
                    break;
                case What.Automatic:
                    await Automatic(step);
                    break;
                case What.Import:
                    await Import(step);
                    break;
                case What.RemoveOne:
                    await RemoveOne(step);
                    break;
                case What.RemoveAll:
                    var (user, badge) = (UserId(step.User), BadgeId(step.Badge));
                    Assert.Equal(_model.Remove(row => row.User == user && row.Badge == badge, step.Kind),
                        await Core.Awarding.RemoveAll(user, badge, step.Kind, null, null, default));
                    break;
                case What.Enable:
                    _model.Badges[BadgeId(step.Badge)].Enabled = step.Choice % 2 == 0;
                    Assert.Null(await Core.Badges.Edit(BadgeId(step.Badge), $"Name {step.Choice}", null, step.Choice % 2 == 0, TestCore.Administrator));
                    break;
                case What.Redefine:
                    await Redefine(step);
                    break;
                case What.Visit:
                    await Visit(step);
                    break;
                case What.Wait:
                    _time.Jump(TimeSpan.FromSeconds(new[] { 0, 1, 61, 299, 300, 7 * 3600, 86_400, 3 * 86_400 }[step.Choice % 8]));
                    break;
                // By this clock, leases end without notice: of several only one could keep its slot.
                case What.Restart when _laurels.Length > 1:
                    break;
                case What.Restart:
                    await _laurels[0].DisposeAsync();
                    _laurels[0] = await TestCore.OpenSecond(_database, _time);
                    break;
                default:
                    await Compare();
                    break;
            }
        }

        private long? At(Step step) => step.Ago switch
        {
            < 5 => null,
            5 => Now,
            6 => Now - 1,
            7 => Now - 300_000_000,
            8 => DayEnds(step.Choice % 4),
            9 => Now - (90_000_000_000L * (1 + (step.Choice % 5))),
            10 => Now - (86_400_000_000L * (30 + (step.Choice % 90))),
            _ => step.Choice % 4 == 0 ? Now + 1 : Now - 3_600_000_000,
        };

        // About where an award leaves the past day's 288 five minutes.
        private long DayEnds(int choice) => choice switch
        {
            0 => Now - 86_400_000_000,
            1 => Now - (Now % 300_000_000) - (287 * 300_000_000L),
            2 => Now - (Now % 300_000_000) - (287 * 300_000_000L) - 1,
            _ => Now - (287 * 300_000_000L),
        };

        private LedgerModel.Row Asked(Step step, long id) => new(id, UserId(step.User), BadgeId(step.Badge), "", At(step) ?? Now,
            step.Subject == 3 ? null : $"node:{step.Subject}", step.Subject == 2 ? null : 1000 + step.Subject,
            step.Choice % 3 == 0 ? $$"""{"n":{{step.Choice}}}""" : null);

        private async Task Award(Step step)
        {
            var manual = step.What == What.Manual;
            var visit = step.Choice % 2 == 0;
            var asked = Asked(step, 0);
            var outcome = await Core.Awarding.Award(new AwardRequest(asked.User, asked.Badge, AwardSource.Native)
            {
                Subject = asked.Subject,
                ActionId = asked.Action,
                Payload = asked.Payload,
                AwardedAt = At(step),
                Manual = manual,
                IsVisit = visit,
            }, TestCore.Administrator, bulk: step.Choice % 7 == 0, default);
            // Only the id is Core's choice.
            Same(_model.Award(asked with { Id = outcome.Created ? outcome.Award!.Id : 0 }, manual, automatic: false, visit, Now), outcome);
        }

        // Rules come later; the ledger's side of them is here.
        private async Task Automatic(Step step)
        {
            var asked = Asked(step, ++_ownIds + 1_000_000);
            var badge = (await Core.Badges.Find(asked.Badge))!;
            var expected = _model.Badges[asked.Badge].Enabled ? _model.Award(asked, manual: false, automatic: true, visit: false, Now) : null;
            if (expected is null or { Kind: "OccasionMissing" or "TimeInFuture" }
                || Occasion.Of(badge.Recurrence, badge.TimeZone, asked.At, asked.Subject, asked.Action, asked.Id) is not { } occasion)
            {
                return;
            }
            var entry = new AwardEntry(new Award(asked.Id, asked.User, asked.Badge, occasion.Key, asked.At, AwardSource.Rule, asked.Subject)
            {
                ActionId = asked.Action,
                Payload = asked.Payload,
            }, badge) { Automatic = true, CheckUser = true };
            await Core.Ledger.Submit(entry, Lane.Live, default);
            Assert.Equal(expected.Kind == "Revoked" ? "Removed" : expected.Kind, entry.Status.ToString());
            if (entry.Status == AwardStatus.Held)
            {
                Assert.Equal(expected.Award!.Id, entry.Standing!.Id);
            }
        }

        private async Task Import(Step step)
        {
            // An id of few, or one that an award of this user has: to correct it, or to move it to another badge.
            var own = _model.Standing.Where(row => row.User == UserId(step.User)).OrderBy(row => row.Id).ToList();
            var existing = step.Choice % 2 == 0 && own.Count > 0 ? own[step.Choice / 2 % own.Count] : null;
            var id = existing?.Id ?? 1 + (step.Choice % 4);
            var asked = Asked(step, id);
            asked = existing is not null && step.Choice % 3 > 0 ? asked with { Badge = existing.Badge } : asked;
            var outcome = await Core.Awarding.Import(id, new AwardRequest(asked.User, asked.Badge, AwardSource.Import)
            {
                Subject = asked.Subject,
                ActionId = asked.Action,
                Payload = asked.Payload,
                AwardedAt = At(step),
            }, null, default);
            Same(_model.Import(asked, Now), outcome);
        }

        private async Task RemoveOne(Step step)
        {
            var rows = _model.Standing.Where(row => row.User == UserId(step.User)).OrderBy(row => row.Id).ToList();
            var id = rows.Count == 0 || step.Choice % 6 == 0 ? 999 : rows[step.Choice % rows.Count].Id;
            var removed = await Core.Awarding.Remove(UserId(step.User), id, step.Kind, 9, "reason", default);
            Assert.Equal(_model.Remove(row => row.User == UserId(step.User) && row.Id == id, step.Kind) == 1, removed is not null);
        }

        private async Task Redefine(Step step)
        {
            var badge = _model.Badges[BadgeId(step.Badge)];
            var recurrence = ModelRecurrence.All[step.Choice % ModelRecurrence.All.Length];
            var put = await Core.Badges.Put(BadgeId(step.Badge), new BadgeDraft
            {
                IssuerId = badge.Issuer,
                Texts = new Dictionary<string, BadgeText> { ["en"] = new($"Redefined {step.Choice}", null) },
                Recurrence = recurrence.ToCore(),
                Enabled = badge.Enabled,
            }, createOnly: false);
            var refused = badge.Awarded && recurrence != badge.Recurrence;
            Assert.Equal(refused, !put.Succeeded(out _, out var refusal));
            if (refused)
            {
                Assert.Equal(RefusalCode.RecurrenceInUse, refusal?.Code);
            }
            else
            {
                badge.Recurrence = recurrence;
            }
        }

        private async Task Visit(Step step)
        {
            var at = At(step);
            var refusal = await Core.Awarding.Visit(IssuerId(step.Badge % 2), UserId(step.User), at, default);
            var expected = at > Now ? RefusalCode.Invalid : step.User == 2 ? RefusalCode.UnknownUser : (RefusalCode?)null;
            Assert.Equal(expected, refusal?.Code);
            if (expected is null)
            {
                _model.Visit(IssuerId(step.Badge % 2), UserId(step.User), at ?? Now);
            }
        }

        private static void Same(LedgerModel.Answer expected, AwardOutcome outcome)
        {
            Assert.Equal(expected.Kind, outcome.Refusal?.ToString() ?? (outcome.Created ? "Created" : "Held"));
            Assert.Equal(expected.Award, outcome.Award is { } award ? ToRow(award) : null);
        }

        private static LedgerModel.Row ToRow(Award award) =>
            new(award.Id, award.UserId, award.BadgeId, award.Occasion, award.AwardedAt, award.Subject, award.ActionId, award.Payload);

        private async Task Compare()
        {
            foreach (var user in _model.Users)
            {
                var limit = 1 + (int)((user + Now) % 3);
                Assert.Equal(_model.Standing.Where(row => row.User == user).OrderBy(row => row.At).ThenBy(row => row.Id), await AllAwards(user, limit));
                var held = _model.Held(user).Select(row => new HeldBadge(row.Badge, row.At, row.Id)).ToList();
                Assert.Equal(held, await AllBadges(user, limit, ascending: true));
                Assert.Equal(Enumerable.Reverse(held), await AllBadges(user, limit, ascending: false));
                var dates = held.ToDictionary(each => each.BadgeId, each => each.AwardedAt);
                Assert.Equal(dates.OrderBy(date => date.Key), (await Core.UserAwards.AwardedDates(user, [.. _model.Badges.Keys])).OrderBy(date => date.Key));
                foreach (var badge in _model.Badges.Keys)
                {
                    Assert.Equal(dates.TryGetValue(badge, out var date) ? date : null, await Core.UserAwards.AwardedDate(user, badge));
                }
            }
            foreach (var (id, badge) in _model.Badges)
            {
                for (var tries = 0; _laurels.Length > 1 && tries < 3000 && !await IsCounted(id, badge); tries++)
                {
                    // Of what another has done, statistics tell within a second.
                    await Task.Delay(10);
                }
                Assert.Equal(_model.Standing.Count(row => row.Badge == id), await Core.Statistics.Awarded(id));
                Assert.Equal(_model.PastDay(id, Now), Core.Statistics.PastDay(id));
                Assert.Equal(_model.Visitors(badge.Issuer, Now), Core.Statistics.Visitors(badge.Issuer));
            }
        }

        private async Task<bool> IsCounted(long id, LedgerModel.ModelBadge badge) =>
            _model.Standing.Count(row => row.Badge == id) == await Core.Statistics.Awarded(id)
            && _model.PastDay(id, Now) == Core.Statistics.PastDay(id)
            && _model.Visitors(badge.Issuer, Now) == Core.Statistics.Visitors(badge.Issuer);

        private async Task<List<LedgerModel.Row>> AllAwards(long user, int limit)
        {
            var all = new List<LedgerModel.Row>();
            var after = Position.First;
            while (true)
            {
                var page = await Core.UserAwards.List(user, after, limit);
                all.AddRange(page.Select(ToRow));
                if (page.Count < limit)
                {
                    return all;
                }
                after = new Position(page[^1].AwardedAt, page[^1].Id);
            }
        }

        private async Task<List<HeldBadge>> AllBadges(long user, int limit, bool ascending)
        {
            var all = new List<HeldBadge>();
            var after = ascending ? Position.First : Position.Last;
            while (true)
            {
                var page = await Core.UserAwards.Badges(user, after, ascending, limit);
                all.AddRange(page);
                if (page.Count < limit)
                {
                    return all;
                }
                after = page[^1].Position;
            }
        }
    }
}
