using System.Diagnostics;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;

namespace Laurel.Server.Commands.Demo;

/// <summary>How large a demo.</summary>
internal sealed record DemoSize(int Users, int Badges, int Awards, ulong Seed);

/// <summary>Fills an empty database with the demo, through the operations that everybody uses.</summary>
internal sealed class DemoMaker(LaurelCore core)
{
    // Several batches' worth wait at any time.
    private const int AtOnce = 1024;

    // Each is a transaction of its own.
    private const int RecordedActions = 100;

    public static readonly Caller Administrator = new(0, null, IsAdministrator: true, Scopes: null);

    // Set in the last step: an issuer without them is one of a demo that was interrupted.
    private static readonly long[] Managers = [DemoTour.ModeratorId, 3];

    /// <summary>Whether a complete demo is there.</summary>
    /// <exception cref="CommandFailedException">Something else is: the demo would mix with it.</exception>
    public async Task<bool> IsThere()
    {
        if (await core.Issuers.Find(DemoCatalogue.Issuers[0].Id) is { } first && first.Key == DemoCatalogue.Issuers[0].Key)
        {
            return first.Managers.SequenceEqual(Managers)
                ? true
                : throw new CommandFailedException("A demo that was interrupted is there. Make it anew on an empty database.");
        }
        return (await core.Issuers.List(0, 1)).Count == 0 && (await core.Users.List(0, 1)).Count == 0
            ? false
            : throw new CommandFailedException("The database is not empty, and the demo would mix with what is there.");
    }

    /// <param name="password">The moderator's; null for none.</param>
    public async Task<DemoCounts> Make(DemoSize size, string? password, IProgress<long> progress)
    {
        var clock = Stopwatch.StartNew();
        var now = core.Time.Micros();
        var dice = new Dice(size.Seed);
        var badges = DemoCatalogue.Badges(size.Badges, now, dice);
        var users = DemoPeople.Make(size.Users, dice);
        var rules = new DemoRules(core, users, badges, now, size.Awards - DemoTour.Awards);
        var history = new DemoHistory(users, badges, rules, now, dice);
        var awards = history.Awards(size.Awards - DemoTour.Awards - rules.Awards);
        var visits = history.Visits(awards, badges);

        foreach (var issuer in DemoCatalogue.Issuers)
        {
            Need(await core.Issuers.Put(issuer.Id, issuer.Draft([]), createOnly: false));
        }
        foreach (var badge in badges)
        {
            Need(await core.Badges.Put(badge.Id, badge.Draft, createOnly: false));
        }
        Need(await core.Users.PutMany(users.Select(user => (user.Id, user.Draft))));
        await RecordActions(badges, awards);
        await rules.Make();
        var done = 0L;
        await ForEach(awards, async award =>
        {
            var outcome = await core.Awarding.Award(award, Administrator, bulk: true, CancellationToken.None);
            if (!outcome.Created)
            {
                throw new CommandFailedException($"An award of badge {award.BadgeId} was refused: {outcome.Refusal?.ToString() ?? "held"}.");
            }
            progress.Report(Interlocked.Increment(ref done));
        });
        await ForEach(visits, async visit => Need(await core.Awarding.Visit(visit.IssuerId, visit.UserId, visit.At, CancellationToken.None)));
        await new DemoTour(core).Make(users[(int)DemoTour.ModeratorId - 1], password);
        foreach (var issuer in DemoCatalogue.Issuers)
        {
            Need(await core.Issuers.Put(issuer.Id, issuer.Draft(Managers), createOnly: false));
        }
        return new DemoCounts(
            DemoCatalogue.Issuers.Count, badges.Count, users.Count, awards.Count + history.Collections + rules.Awards + DemoTour.Awards, visits.Count,
            Math.Round(clock.Elapsed.TotalSeconds, 1));
    }

    // What the latest awards for actions were for.
    private async Task RecordActions(List<DemoBadge> badges, List<AwardRequest> awards)
    {
        foreach (var type in badges.SelectMany(badge => badge.Draft.Recognises).Distinct())
        {
            Need(await core.ActionTypes.Put(type, description: null, createOnly: false));
        }
        var types = badges.Where(badge => badge.Draft.Recognises.Count > 0).ToDictionary(badge => badge.Id, badge => badge.Draft.Recognises[0]);
        foreach (var award in awards.Where(award => award.ActionId is not null).TakeLast(RecordedActions))
        {
            Need(await core.Actions.Record(new ActionDraft(types[award.BadgeId], award.UserId) { Id = award.ActionId, OccurredAt = award.AwardedAt }));
        }
    }

    public static Task ForEach<T>(IEnumerable<T> things, Func<T, Task> work) => Parallel.ForEachAsync(
        things, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (thing, _) => await work(thing));

    /// <exception cref="CommandFailedException">It was refused: what the demo asks for is always possible on an empty database.</exception>
    public static void Need<T>(Outcome<T> outcome) => Need(outcome.Succeeded(out _, out var refusal) ? null : refusal);

    public static void Need<T>(T? refusal) where T : struct, Enum => Need(refusal?.ToString());

    private static void Need(Refusal? refusal) => Need(refusal?.Message);

    private static void Need(string? why)
    {
        if (why is not null)
        {
            throw new CommandFailedException($"The demo was refused: {why}");
        }
    }
}
