using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Awards;

public sealed class CollectionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static ValueTask<CollectionRefusal?> Post(TestCore laurel, string name, string collection = "c", string user = "ada", Caller? caller = null, string? payload = null) =>
        laurel.Core.Collections.Post(collection, user, name, payload, caller, Ct);

    private static async Task<List<NamedAward>> List(TestCore laurel, string? name = null, string collection = "c", string user = "ada", Caller? caller = null)
    {
        var awards = new List<NamedAward>();
        await foreach (var some in laurel.Core.Collections.List(collection, user, name, caller, Ct))
        {
            awards.AddRange(some);
        }
        return awards;
    }

    private static async Task<IEnumerable<string>> Names(TestCore laurel, string? name = null, string collection = "c", string user = "ada", Caller? caller = null) =>
        (await List(laurel, name, collection, user, caller)).Select(award => award.Name);

    private static async Task<long> Count(TestCore laurel, string name, string collection = "c", string user = "ada", Caller? caller = null) =>
        (await laurel.Core.Collections.Count(collection, user, [name], caller, Ct))![0];

    private static async Task<List<long>> Counts(TestCore laurel, string collection, string user, Caller? caller, string[] names) =>
        [.. (await laurel.Core.Collections.Count(collection, user, names, caller, Ct))!];

    private static ValueTask<long> Rows(TestCore laurel, string table) =>
        laurel.Core.Database.Read(async session => await session.QueryFirst<long>($"SELECT count(*) FROM {table}"));

    [Theory, EveryEngine]
    public async Task Posts_of_two_processes_that_make_the_same_at_once_make_one_of_each(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        const int rounds = 12;
        const int posts = 16;
        for (var round = 0; round < rounds; round++)
        {
            var (collection, user) = (round % 3 == 2 ? $"{round + 1}" : $"c{round}", round % 4 == 3 ? $"{round + 1}" : $"u{round}");
            var refusals = await Task.WhenAll(Enumerable.Range(0, posts).Select(i => Task.Run(() =>
                Post(i % 2 == 0 ? first : second, $"badge/{i}", collection, user).AsTask())));
            Assert.All(refusals, refusal => Assert.Null(refusal));
            Assert.Equal(posts, await Count(first, "badge", collection, user));
            Assert.Equal(posts, await Count(second, "_all", collection, user));
        }
        Assert.Equal(rounds, await Rows(first, "issuers"));
        Assert.Equal(rounds, await Rows(first, "badges"));
        Assert.Equal(rounds, await Rows(first, "users"));
        Assert.Equal(rounds * posts, await Rows(first, "awards"));
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task A_collection_makes_ten_thousand_badges_and_not_one_more(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        Assert.Null(await Post(first, "one"));
        await first.Badge(1, (await first.Core.Issuers.FindByKey("c"))!.Id);
        await first.Core.Database.Write(async session => await session.Execute("""
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9990)
            INSERT INTO badges (id, issuer_id, key, enabled, creator_type, creator_id, source_locale, recurrence, period_every, period_unit,
              period_anchor, recurrence_version, awarded, target, recognises, icon_image_id, award_asset_ids, rarity, level, cost, claimable,
              hidden_until_claimed, uid, is_active, created_by, updated_by, deleted_by, created_at, updated_at, deleted_at)
            SELECT 1000 + n.i, b.issuer_id, 'made-' || n.i, enabled, creator_type, creator_id, source_locale, recurrence, period_every, period_unit,
              period_anchor, recurrence_version, awarded, target, recognises, icon_image_id, award_asset_ids, rarity, level, cost, claimable,
              hidden_until_claimed, uid, is_active, created_by, updated_by, deleted_by, created_at, updated_at, deleted_at
            FROM badges b, n WHERE b.key = 'one'
            """));

        var refusals = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => Post(i % 2 == 0 ? first : second, $"new-{i}/x").AsTask())));

        Assert.Equal(9, refusals.Count(refusal => refusal is null));
        Assert.Equal(21, refusals.Count(refusal => refusal == CollectionRefusal.InvalidName));
        // What is there can be posted on, and another collection is not full.
        Assert.Null(await Post(first, "one/x"));
        Assert.Null(await Post(first, "new", collection: "other"));
        Assert.Equal(CollectionRefusal.InvalidName, await Post(second, "new"));
    }

    [Theory, EveryEngine]
    public async Task A_badge_that_was_made_otherwise_keeps_its_recurrence(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await Define(laurel, 10, "once");
        await Define(laurel, 11, "each", new Recurrence.PerSubject());
        await Define(laurel, 12, "action", new Recurrence.PerAction());
        await Define(laurel, 13, "off", with: draft => draft with { Enabled = false });
        await Define(laurel, 14, null);
        const string c = "issuer-1";

        foreach (var name in new[] { "once", "once", "once/more", "each/x", "each/x", "each/x/y", "each/y", "14", "14" })
        {
            Assert.Null(await Post(laurel, name, c));
        }
        foreach (var (name, refusal) in new[] { ("each", CollectionRefusal.InvalidName), ("each/", CollectionRefusal.InvalidName), ("action/x", CollectionRefusal.InvalidName), ("off", CollectionRefusal.NotAwarded) })
        {
            Assert.Equal(refusal, await Post(laurel, name, c, "nobody"));
        }
        Assert.Null(await laurel.Core.Users.FindIdByKey("nobody"));

        Assert.Equal(["14", "each/x", "each/x/y", "each/y", "once"], (await Names(laurel, null, c)).Order(StringComparer.Ordinal));
        Assert.Equal(["each/x", "each/x/y"], (await Names(laurel, "each/x", c)).Order(StringComparer.Ordinal));
        Assert.Equal([5, 1, 3, 2, 1, 0], await Counts(laurel, c, "ada", null, ["_all", "once", "each", "each/x", "14", "once/more"]));

        Assert.Equal(1, await laurel.Core.Awarding.RemoveAll((await laurel.Core.Users.FindIdByKey("ada"))!.Value, 10, RemovalKind.Revoke, null, null, Ct));
        Assert.Equal(CollectionRefusal.NotAwarded, await Post(laurel, "once", c));
        Assert.Null(await laurel.Core.Collections.Remove(c, "ada", "each/x", null, Ct));
        Assert.Equal(["14", "each/y"], (await Names(laurel, null, c)).Order(StringComparer.Ordinal));
        Assert.Null(await Post(laurel, "each/x", c));
        Assert.Null(await laurel.Core.Collections.Remove(c, "ada", null, null, Ct));
        Assert.Equal(0, await Count(laurel, "_all", c));
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    private static async Task Define(TestCore laurel, long id, string? key, Recurrence? recurrence = null, Func<BadgeDraft, BadgeDraft>? with = null)
    {
        var draft = new BadgeDraft
        {
            IssuerId = 1,
            Key = key,
            Texts = new Dictionary<string, BadgeText> { ["en"] = new($"Badge {id}", null) },
            Recurrence = recurrence ?? new Recurrence.Once(),
        };
        TestCore.Value(await laurel.Core.Badges.Put(id, with is null ? draft : with(draft), createOnly: false));
    }

    [Theory, EveryEngine]
    public async Task What_hides_until_it_is_claimed_has_no_name_but_its_id(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await laurel.User(5);
        await Define(laurel, 10, "secret", new Recurrence.Always(), draft => draft with { HiddenUntilClaimed = true, Claimable = true });
        const string c = "issuer-1";
        Assert.Null(await Post(laurel, "secret/a", c, "5", payload: "{\"x\":1}"));
        var claimed = await laurel.Core.Awarding.Import(77, new AwardRequest(5, 10, AwardSource.Import) { Subject = "b", Payload = "[2]" },
            new AwardClaimDraft(null, IsClaimed: true, null, IsWorn: false), TestCore.Administrator, Ct);
        Assert.True(claimed.Created);

        foreach (var caller in new[] { null, new Caller(1, 5, false, null) })
        {
            Assert.Equal([("10", null), ("secret/b", "[2]")], (await List(laurel, null, c, "5", caller)).Select(award => (award.Name, award.Payload)).Order());
            Assert.Equal(["secret/b"], await Names(laurel, "secret", c, "5", caller));
            Assert.Equal(["10"], await Names(laurel, "10", c, "5", caller));
            Assert.Empty(await Names(laurel, "secret/a", c, "5", caller));
            Assert.Empty(await Names(laurel, "10/a", c, "5", caller));
            Assert.Equal([2, 1, 0, 1, 1, 0], await Counts(laurel, c, "5", caller, ["_all", "secret", "secret/a", "secret/b", "10", "10/a"]));
        }
        Assert.Equal(["secret/a", "secret/b"], (await Names(laurel, null, c, "5", TestCore.Administrator)).Order(StringComparer.Ordinal));
        Assert.Equal([2, 1, 0], await Counts(laurel, c, "5", TestCore.Administrator, ["secret", "secret/a", "10"]));

        var owner = new Caller(1, 5, false, null);
        Assert.Null(await laurel.Core.Collections.Remove(c, "5", "secret/a", owner, Ct));
        Assert.Equal(2, await Count(laurel, "_all", c, "5"));
        Assert.Null(await laurel.Core.Collections.Remove(c, "5", "10", owner, Ct));
        Assert.Equal(["secret/b"], await Names(laurel, null, c, "5"));
    }

    [Theory, EveryEngine]
    public async Task Many_are_listed_newest_first_and_removed_in_parts(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await Define(laurel, 10, "once");
        const string c = "issuer-1";
        Assert.Null(await Post(laurel, "many/first/0", c));
        var user = (await laurel.Core.Users.FindIdByKey("ada"))!.Value;
        await Ledgers.Multiply(laurel.Core, user, 12_000);
        time.Jump(TimeSpan.FromMinutes(1));
        Assert.Null(await Post(laurel, "other", c));
        Assert.Null(await Post(laurel, "once", c));

        var all = await List(laurel, null, c);
        Assert.Equal(12_003, all.Count);
        Assert.Equal(["once", "other"], all.Take(2).Select(award => award.Name).Order(StringComparer.Ordinal));
        Assert.Equal(all.Select(award => award.AwardedAt).OrderDescending(), all.Select(award => award.AwardedAt));
        Assert.Equal(all.Count, all.Select(award => award.Name).Distinct().Count());
        Assert.Equal([12_003, 12_001, 12_000, 1], await Counts(laurel, c, "ada", null, ["_all", "many", "many/some", "many/some/77"]));
        Assert.Equal(["many/some/77"], await Names(laurel, "many/some/77", c));

        // Somebody posts on while it is removed, from when it has seen what stands: what came after is nobody's business.
        var removing = laurel.Core.Collections.Remove(c, "ada", "many", null, Ct).AsTask();
        while (!removing.IsCompleted && await Rows(laurel, "award_history") == 0)
        {
        }
        var later = new List<string>();
        while (!removing.IsCompleted)
        {
            var name = $"many/later/{later.Count}";
            Assert.Null(await Post(laurel, name, c));
            later.Add(name);
        }
        Assert.Null(await removing);
        Assert.Equal(later.Count + 2, await Count(laurel, "_all", c));
        Assert.Equal(later.Count, await Count(laurel, "many/later", c));
        Assert.Equal(12_001, await Rows(laurel, "award_history"));
        Assert.Null(await laurel.Core.Collections.Remove(c, "ada", null, null, Ct));
        Assert.Empty(await Names(laurel, null, c));
        await Recount.AssertExact(laurel.Core, time.Micros());
    }

    [Theory, EveryEngine]
    public async Task Posts_and_removals_of_two_processes_leave_exact_counts(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var first = await TestCore.OpenSecond(database);
        await using var second = await TestCore.OpenSecond(database);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var laurel = worker % 2 == 0 ? first : second;
            for (var round = 0; round < 40; round++)
            {
                var refusal = (worker + round) % 4 == 0
                    ? await laurel.Core.Collections.Remove("c", "ada", $"b{round % 2}", null, Ct)
                    : await Post(laurel, $"b{round % 2}/{worker}");
                Assert.Null(refusal);
            }
        })));
        Assert.Equal(await Rows(first, "awards"), await Count(second, "_all"));
        Assert.Equal((await Names(first)).Count(), await Count(first, "_all"));
        await Recount.AssertExact(first.Core, first.Core.Time.Micros());
    }

    [Theory, EveryEngine]
    public async Task Keys_that_move_are_followed(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Issuer(1);
        await Define(laurel, 10, "a");
        Assert.Null(await Post(laurel, "a", "issuer-1", "5"));
        TestCore.Value(await laurel.Core.Issuers.Put(1, new IssuerDraft("moved", "Moved"), createOnly: false));
        TestCore.Value(await laurel.Core.Users.Put(5, new() { Key = "ada" }, null, createOnly: false));
        await Define(laurel, 10, "b");

        Assert.Equal(["b"], await Names(laurel, null, "moved", "ada"));
        Assert.Equal(["b"], await Names(laurel, "b", "1", "5"));
        Assert.Empty(await Names(laurel, null, "issuer-1", "ada"));
        Assert.Null(await Post(laurel, "a", "issuer-1", "5"));
        Assert.NotEqual(1, (await laurel.Core.Issuers.FindByKey("issuer-1"))!.Id);
        TestCore.Value(await laurel.Core.Users.Put(5, new() { Key = "eve" }, null, createOnly: false));
        Assert.Null(await Post(laurel, "b", "moved", "ada"));
        Assert.NotEqual(5, await laurel.Core.Users.FindIdByKey("ada"));
        Assert.Equal(1, await Count(laurel, "_all", "moved", "eve"));
    }
}
