using System.Net.Sockets;
using System.Text.Json.Nodes;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Live;

/// <summary>The stream of one server, through HTTP.</summary>
public sealed class StreamTests
{
    private const string Path = $"{Root}/stream";

    [Theory, EveryEngine]
    public async Task An_award_and_its_removal_are_told_as_they_are_committed(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        using var reader = await Open(laurel);
        Assert.Equal("no-store", reader.Response.Headers.CacheControl!.ToString());

        var made = (await laurel.Award(2, 7, ""","payload":{"secret":"zqxvjk"}""")).Is(201).Json["award"]!;
        (await laurel.Delete($"{Root}/users/2/awards/{made["id"]}?kind=revoke&reason=zqxvjk")).Is(204);
        var events = await reader.Take(2);

        Assert.Equal(["award", "removal"], events.Select(each => each.Type));
        Assert.InRange(reader.Retry!.Value, 500, 2500);
        Assert.All(events, each =>
        {
            Assert.Equal(each.Id, each.Json["id"]!.GetValue<string>());
            var expected = new JsonObject
            {
                ["id"] = each.Id,
                ["type"] = each.Type,
                ["awardId"] = made["id"]!.DeepClone(),
                ["userId"] = 2,
                ["badgeId"] = 7,
                ["issuerId"] = 100,
                ["awardedAt"] = made["awardedAt"]!.DeepClone(),
                ["source"] = "native",
                ["badge"] = new JsonObject
                {
                    ["name"] = "Badge 7",
                    ["description"] = "About 7",
                    ["locale"] = "en",
                    ["iconUrl"] = new Uri(laurel.Address, "/media/images/badge-7.svg").ToString(),
                    ["rarity"] = 1,
                    ["level"] = null,
                },
            };
            Assert.True(JsonNode.DeepEquals(expected, each.Json), each.Data);
        });
    }

    [Theory, EveryEngine]
    public async Task Whoever_comes_back_goes_on_behind_the_last_event_whichever_that_was(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"always\"");
        string begin;
        using (var first = await Open(laurel))
        {
            // Before any event: the place where it begins.
            await laurel.Award(1, 7);
            begin = (await first.Take(1))[0].Id!;
        }
        using var all = await Open(laurel, begin);
        // Batches of one and of many, events that are told and visits that are not.
        for (var round = 0; round < 3; round++)
        {
            var rows = Enumerable.Range(0, 1 + (round * 15)).Select(i => $$"""{"userId":{{1 + (i % 3)}},"badgeId":8}""");
            (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows)}]")).Is(200);
            (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":3}""")).Is(204);
        }
        var told = await all.Take(3 + (3 * 15));
        var ids = told.Select(each => each.Id!).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        // What the ledger has, and nothing else.
        Assert.Equal(await AwardIds(laurel, 8), told.Select(each => each.Json["awardId"]!.GetValue<long>()).Order());

        for (var at = 0; at < ids.Count; at++)
        {
            using var again = await EventReader.Open(laurel.Anonymous, Path, TestServer.AdministratorKey, at == 0 ? begin : ids[at - 1], TestContext.Current.CancellationToken);
            Assert.Equal(ids[at..], (await again.Take(ids.Count - at)).Select(each => each.Id));
        }
        using var inQuery = await EventReader.Open(laurel.Anonymous, $"{Path}?lastEventId={ids[9]}", TestServer.AdministratorKey);
        Assert.Equal(ids[10..20], (await inQuery.Take(10)).Select(each => each.Id));
        // A browser sends both when it comes back: the header is the newer.
        using var both = await EventReader.Open(laurel.Anonymous, $"{Path}?lastEventId={ids[9]}", TestServer.AdministratorKey, ids[30]);
        Assert.Equal(ids[31], (await both.Take(1))[0].Id);
    }

    [Theory, EveryEngine]
    public async Task Who_read_nothing_yet_has_a_place_too(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        string? place;
        using (var reader = await Open(laurel, query: "?userId=3"))
        {
            var next = reader.Next(TestContext.Current.CancellationToken);
            await laurel.Award(1, 7);
            await laurel.Award(2, 7);
            // Left out: a heartbeat moves the place behind them.
            using var witness = await Open(laurel);
            await laurel.Award(3, 7);
            await next;
            place = reader.LastEventId;
            var idle = reader.Next(TestContext.Current.CancellationToken);
            while (reader.Comments == 0)
            {
                time.Advance(TimeSpan.FromSeconds(15));
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
            Assert.False(idle.IsCompleted);
            Assert.NotEqual(place, reader.LastEventId);
            place = reader.LastEventId;
        }
        await laurel.Badge(9);
        var after = (await laurel.Award(1, 9)).Is(201).Json["award"]!["id"]!.GetValue<long>();
        using var again = await Open(laurel, place);
        Assert.Equal(after, (await again.Take(1))[0].Json["awardId"]!.GetValue<long>());
    }

    [Theory]
    [EveryEngine]
    public async Task An_id_that_never_was_resets_and_says_where_the_stream_goes_on(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        using var reader = await Open(laurel);
        await laurel.Award(1, 7);
        var known = (await reader.Take(1))[0].Id!;
        var (number, index) = (long.Parse(known.Split('-')[0]), int.Parse(known.Split('-')[1]));

        foreach (var (id, user) in new[]
        {
            "x", "-1", "1", $"{number}-{index + 1000}", $"{number + 1_000_000}", $"{number + 1_000_000}-0", $"{number - 1}-0", "9223372036854775807", "9223372036854775807-1",
            "1-2147483647", "' OR 1=1; --", "999999999999999999999999999999999999999999", new string('9', 5000), "0", "1e9-0",
        }.Select((id, i) => (id, 100 + i)))
        {
            (await laurel.Put($"{Root}/users/{user}", "{}")).Is(201);
            using var lost = await Open(laurel, id);
            var reset = (await lost.Take(1))[0];
            Assert.True(reset.Type == "reset", id);
            Assert.Equal(reset.Id, reset.Json["continuesAfter"]!.GetValue<string>());
            Assert.Contains(reset.Json["reason"]!.GetValue<string>(), new[] { "unknown", "expired" });
            await laurel.Award(user, 7);
            Assert.Equal(user, (await lost.Take(1))[0].Json["userId"]!.GetValue<long>());
            // And behind the place it was told nothing is reset.
            using var again = await Open(laurel, reset.Id);
            Assert.Equal(user, (await again.Take(1))[0].Json["userId"]!.GetValue<long>());
        }
    }

    [Theory, EveryEngine]
    public async Task It_can_be_resumed_for_seven_days(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        using var reader = await Open(laurel);
        await laurel.Award(1, 7);
        var old = (await reader.Take(1))[0].Id;
        time.Jump(TimeSpan.FromDays(3.5));
        await laurel.Award(2, 7);
        var middle = (await reader.Take(1))[0].Id;
        time.Jump(TimeSpan.FromDays(3.4));
        await laurel.Award(3, 7);
        await reader.Take(1);

        async Task<ServerSentEvent> Resumed(string? id)
        {
            using var again = await Open(laurel, id);
            return (await again.Take(1))[0];
        }
        Assert.Equal(2, (await Resumed(old)).Json["userId"]!.GetValue<long>());
        Assert.Equal(3, (await Resumed(middle)).Json["userId"]!.GetValue<long>());
        time.Jump(TimeSpan.FromDays(0.2));
        Assert.Equal("expired", (await Resumed(old)).Json["reason"]!.GetValue<string>());
        Assert.Equal(3, (await Resumed(middle)).Json["userId"]!.GetValue<long>());

        // Nobody reads for long, and everything goes. Who has read all of it has missed nothing.
        var last = reader.LastEventId!.Split('-')[0];
        await Trim(laurel);
        await TestCore.Settled(laurel.Core);
        time.Jump(TimeSpan.FromDays(30));
        await Trim(laurel);
        Assert.Equal(0, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM stream_runs")));
        Assert.Equal("expired", (await Resumed(middle)).Json["reason"]!.GetValue<string>());
        await laurel.Badge(9);
        using var whole = await Open(laurel, last);
        await laurel.Award(1, 9);
        Assert.Equal(9, (await whole.Take(1))[0].Json["badgeId"]!.GetValue<long>());
    }

    private static async Task Trim(TestServer laurel)
    {
        await laurel.Core.Live.Trim();
        await laurel.Core.Statistics.Trim();
    }

    [Theory, EveryEngine]
    public async Task The_outbox_keeps_what_has_no_number(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        foreach (var user in new[] { 1, 2, 3 })
        {
            await laurel.User(user);
            await laurel.Award(user, 1);
        }
        await TestCore.Settled(laurel.Core);
        Task<long> Rows() => laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT count(*) FROM outbox")).AsTask();
        // As if nobody had ever numbered.
        await laurel.Core.Live.DisposeAsync();
        await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM stream_heads WHERE node > 0"));
        var all = await Rows();
        time.StepClock(TimeSpan.FromDays(8));
        await laurel.Core.Statistics.Trim();
        Assert.Equal(all, await Rows());
        await laurel.Core.Database.Write(async session => await session.Execute(
            "INSERT INTO stream_heads (node, next) SELECT DISTINCT node, 1000 FROM outbox"));
        await laurel.Core.Statistics.Trim();
        Assert.True(await Rows() < all);
    }

    [Theory, EveryEngine]
    public async Task Filters_of_several_kinds_all_match_and_of_a_kind_any(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Put($"{Root}/issuers/200", """{"name":"Other"}""")).Is(201);
        await laurel.Badge(8);
        (await laurel.Put($"{Root}/badges/9", """{"issuerId":200,"texts":{"en":{"name":"Nine"} } }""")).Is(201);
        var filters = new Dictionary<string, Func<long, long, bool>>
        {
            [""] = (_, _) => true,
            ["?userId=2"] = (user, _) => user == 2,
            ["?userId=1&userId=3"] = (user, _) => user is 1 or 3,
            ["?badgeId=8"] = (_, badge) => badge == 8,
            ["?issuerId=100"] = (_, badge) => badge is 7 or 8,
            ["?issuerId=200&issuerId=100&userId=1"] = (user, _) => user == 1,
            ["?issuerId=100&badgeId=9"] = (_, _) => false,
            ["?issuerId=200&badgeId=9&badgeId=8&userId=2"] = (user, badge) => user == 2 && badge == 9,
        };
        var readers = new List<(Func<long, long, bool> Wants, EventReader Reader)>();
        foreach (var (query, wants) in filters)
        {
            readers.Add((wants, await Open(laurel, query: query)));
        }
        var pairs = new List<(long User, long Badge)>();
        foreach (var user in new[] { 1, 2, 3 })
        {
            foreach (var badge in new[] { 7, 8, 9 })
            {
                (await laurel.Award(user, badge)).Is(201);
                pairs.Add((user, badge));
            }
        }
        foreach (var (wants, reader) in readers)
        {
            var wanted = pairs.Where(pair => wants(pair.User, pair.Badge)).ToList();
            Assert.Equal(wanted, (await reader.Take(wanted.Count)).Select(each => (each.Json["userId"]!.GetValue<long>(), each.Json["badgeId"]!.GetValue<long>())));
            reader.Dispose();
        }
        foreach (var (query, field) in new[]
        {
            ("userId=0", "userId"), ("userId=x", "userId"), ("userId=", "userId"), ("badgeId=1&badgeId=-1", "badgeId"), ("issuerId=9007199254740992", "issuerId"),
            (string.Join('&', Enumerable.Range(1, 101).Select(id => $"userId={id}")), "userId"), ("locale=not_a_tag", "locale"), ("locale=", "locale"),
            ("lastEventId=1&lastEventId=2", "lastEventId"),
        })
        {
            (await laurel.Get($"{Path}?{query}")).IsProblem(400, "invalid", field);
        }
    }

    [Fact]
    public async Task A_badge_is_named_in_the_readers_language_and_masked_where_it_hides()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/badges/11", """
            {"issuerId":100,"key":"zqxvjk-key","hiddenUntilClaimed":true,"texts":{"en":{"name":"Zqxvjk","description":"Zqxvjk"},"ar":{"name":"زقكس","description":"زقكس"}}}
            """)).Is(201);
        (await laurel.Put($"{Root}/badges/12", """{"issuerId":100,"enabled":false,"texts":{"en":{"name":"Twelve"},"ar":{"name":"اثنا عشر"}}}""")).Is(201);
        var (stranger, manager, service) = (await laurel.Key(3, null), await laurel.Key(1, null), await laurel.Key(null, Scopes.BadgesWrite));
        using var english = await Open(laurel, key: stranger);
        using var arabic = await Open(laurel, query: "?locale=ar-SA", key: stranger);
        using var managed = await Open(laurel, query: "?locale=ar", key: manager);
        using var served = await Open(laurel, key: service);

        (await laurel.Put($"{Root}/users/3/awards/501", """{"badgeId":11,"payload":"zqxvjk","subject":"zqxvjk"}""")).Is(201);
        (await laurel.Put($"{Root}/users/3/awards/502", """{"badgeId":12,"payload":"zqxvjk"}""")).Is(201);

        foreach (var reader in new[] { english, arabic })
        {
            var (hidden, plain) = (await reader.Take(1), await reader.Take(1));
            Assert.Equal("???", hidden[0].Json["badge"]!["name"]!.GetValue<string>());
            Assert.EndsWith("/media/images/hidden.svg", hidden[0].Json["badge"]!["iconUrl"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.DoesNotContain("zqxvjk", hidden[0].Data + plain[0].Data, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("زقكس", hidden[0].Data, StringComparison.Ordinal);
            Assert.Equal(reader == arabic ? ("اثنا عشر", "ar") : ("Twelve", "en"),
                (plain[0].Json["badge"]!["name"]!.GetValue<string>(), plain[0].Json["badge"]!["locale"]!.GetValue<string>()));
        }
        Assert.Equal("زقكس", (await managed.Take(1))[0].Json["badge"]!["name"]!.GetValue<string>());
        Assert.Equal("Zqxvjk", (await served.Take(1))[0].Json["badge"]!["name"]!.GetValue<string>());
    }

    [Theory, EveryEngine]
    public async Task A_correction_is_told_behind_what_corrected_it(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        (await laurel.Put($"{Root}/rules/3", """{"key":"second","actions":["Edit"],"when":{"count":2},"badgeId":7}""")).Is(201);
        // A rule counts what happens from then on.
        time.Jump(TimeSpan.FromHours(1));
        using var reader = await Open(laurel);
        var now = time.GetUtcNow();
        foreach (var minutes in new[] { -30, -20, -25 })
        {
            (await laurel.Post($"{Root}/actions", $$"""{"type":"Edit","userId":2,"occurredAt":"{{now.AddMinutes(minutes):yyyy-MM-ddTHH:mm:ss}}Z"}""")).Is(201);
        }
        var events = await reader.Take(4);
        Assert.Equal(["award", "removal", "award", "correction"], events.Select(each => each.Type));
        long AwardOf(int i) => events[i].Json["awardId"]!.GetValue<long>();
        Assert.Equal((AwardOf(0), AwardOf(2)), (AwardOf(1), AwardOf(3)));
        Assert.Equal(await AwardIds(laurel, 7), [AwardOf(2)]);
    }

    [Fact]
    public async Task Nobody_reads_it_without_a_key_and_a_key_that_is_revoked_reads_no_further()
    {
        // Open dialects are what other APIs left open; this is none of them.
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Get(Path, key: null)).IsProblem(401, "unauthenticated");
        (await laurel.Get(Path, key: "laurel_00000000000000000000000000000000")).IsProblem(401, "unauthenticated");
        var key = (await laurel.Post($"{Root}/keys", """{"userId":2}""")).Is(201);
        using var reader = await Open(laurel, key: key.Text("secret")!);
        await laurel.Award(1, 7);
        await reader.Take(1);

        (await laurel.Delete($"{Root}/keys/{key.Json["id"]}")).Is(204);
        await laurel.Award(2, 7);
        Assert.Null(await reader.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task As_many_read_it_as_may_and_each_makes_room()
    {
        await using var laurel = await TestServer.Start(with: options => options with { MaximumSubscribers = 2 });
        using var first = await Open(laurel);
        var second = await Open(laurel);
        var refused = (await laurel.Get(Path)).IsProblem(503, "unavailable");
        Assert.True(refused.Headers.ContainsKey("Retry-After"));
        Assert.Equal(2, laurel.Core.Live.Subscribers);
        second.Dispose();
        while (laurel.Core.Live.Subscribers > 1)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        using var third = await Open(laurel);
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_and_another_goes_on_with_them()
    {
        await using var database = await TestDatabase.Create(Engine.Postgres);
        await using var staying = await TestServer.StartSecond(database);
        string? last;
        await using (var stopping = await TestServer.StartSecond(database))
        {
            (await stopping.Put($"{Root}/issuers/100", """{"name":"Isle"}""")).Is(201);
            await stopping.Badge(7);
            await stopping.Badge(8);
            (await stopping.Put($"{Root}/users/1", "{}")).Is(201);
            using var reader = await Open(stopping);
            await stopping.Award(1, 7);
            await reader.Take(1);
            var rest = reader.Next(TestContext.Current.CancellationToken);
            await stopping.DisposeAsync();
            Assert.Null(await rest);
            last = reader.LastEventId;
        }
        await staying.Award(1, 8);
        using var again = await Open(staying, last);
        Assert.Equal(8, (await again.Take(1))[0].Json["badgeId"]!.GetValue<long>());
    }

    [Fact]
    public async Task Who_reads_too_slowly_is_cut_off_and_nobody_else_notices()
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(Engine.Sqlite, time);
        var text = new string('x', 1000);
        (await laurel.Put($"{Root}/badges/8", $$$"""{"issuerId":100,"recurrence":"always","texts":{"en":{"name":"Eight","description":"{{{text}}}"} } }""")).Is(201);
        using var slow = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync(laurel.Address.Host, laurel.Address.Port);
        await slow.SendAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET {Path} HTTP/1.1\r\nHost: {laurel.Address.Authority}\r\nAuthorization: Bearer {TestServer.AdministratorKey}\r\n\r\n"));
        while (laurel.Core.Live.Subscribers == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        using var quick = await Open(laurel);
        var told = 0;
        // More than sockets hold, whatever the kernel gives them.
        while (laurel.Core.Live.Subscribers > 1)
        {
            Assert.True(told < 60_000, "It is not cut off.");
            var rows = Enumerable.Repeat("""{"userId":1,"badgeId":8}""", 2000);
            (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows)}]")).Is(200);
            told += (await quick.Take(2000)).Count;
            time.Advance(TimeSpan.FromSeconds(6));
        }
    }

    private static async Task<IEnumerable<long>> AwardIds(TestServer laurel, long badge)
    {
        var ids = new List<long>();
        string? cursor = null;
        do
        {
            var page = (await laurel.Get($"{Root}/badges/{badge}/awards?limit=1000{(cursor is null ? "" : $"&cursor={cursor}")}")).Is(200);
            ids.AddRange(page.Json["items"]!.AsArray().Select(item => item!["id"]!.GetValue<long>()));
            cursor = page.Text("next");
        }
        while (cursor is { Length: > 0 });
        return ids.Order();
    }

    private static Task<EventReader> Open(TestServer laurel, string? lastEventId = null, string query = "", string key = TestServer.AdministratorKey) =>
        EventReader.Open(laurel.Anonymous, Path + query, key, lastEventId, TestContext.Current.CancellationToken);
}
