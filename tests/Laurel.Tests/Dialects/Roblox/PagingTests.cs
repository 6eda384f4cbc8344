using System.Text.Json;
using Xunit;

namespace Laurel.Tests.Dialects.Roblox;

/// <summary>Lists by cursor. Contract: docs/dialects/roblox.md#paging</summary>
public sealed class PagingTests(RobloxBed roblox) : IClassFixture<RobloxBed>
{
    [Theory]
    [InlineData("/v1/users/102/badges")]
    [InlineData("/v1/universes/5000/badges")]
    [InlineData("/v2/universes/5000/badges")]
    [InlineData("/v1/users/0/badges")]
    public async Task Limits_orders_and_cursors_have_their_words(string path)
    {
        foreach (var limit in new[] { "0", "-10", "11", "10.0", "x", "010", "+10", "10,25", "101", "99999999999999999999", "%20" })
        {
            (await roblox.Get($"{path}?limit={limit}&sortOrder=x&cursor=x")).Is(400, Errors.Limit);
        }
        (await roblox.Get($"{path}?limit=10&limit=25")).Is(400, Errors.Limit);
        foreach (var order in new[] { "x", "ascending", "Asc,Desc", "1" })
        {
            (await roblox.Get($"{path}?limit=25&sortOrder={order}&cursor=x")).Is(400, Errors.SortOrder);
        }
        foreach (var cursor in new[] { "x", "1", "a.b", "%20", new string('A', 44), new string('A', 5000), "eyJhIjoxfQ%3D%3D" })
        {
            (await roblox.Get($"{path}?limit=100&sortOrder=DESC&cursor={cursor}")).Is(400, Errors.Cursor);
        }
    }

    [Theory]
    [InlineData(10)]
    [InlineData(25)]
    [InlineData(50)]
    [InlineData(100)]
    public async Task Pages_lead_forward_and_back(int limit)
    {
        var (user, universe, badges) = await Filled(limit * 2 + 3);
        foreach (var path in new[] { $"/v1/users/{user}/badges", $"/v1/universes/{universe}/badges" })
        {
            foreach (var (order, expected) in new[] { ("Asc", badges), ("Desc", Enumerable.Reverse(badges).ToList()) })
            {
                var query = $"{path}?limit={limit}&sortOrder={order}";
                var first = await Page(query);
                Assert.Null(first.Previous);
                var second = await Page($"{query}&cursor={first.Next}");
                var third = await Page($"{query}&cursor={second.Next}");
                Assert.Null(third.Next);
                Assert.Equal(expected, [.. first.Ids, .. second.Ids, .. third.Ids]);
                Assert.Equal((limit, limit, 3), (first.Ids.Count, second.Ids.Count, third.Ids.Count));

                var back = await Page($"{query}&cursor={third.Previous}");
                Assert.Equal(second.Ids, back.Ids);
                var start = await Page($"{query}&cursor={back.Previous}");
                Assert.Equal(first.Ids, start.Ids);
                Assert.Null(start.Previous);
                Assert.Equal(second.Ids, (await Page($"{query}&cursor={start.Next}")).Ids);
            }
        }
    }

    [Fact]
    public async Task A_full_last_page_has_no_next()
    {
        var (user, _, badges) = await Filled(10);
        var page = await Page($"/v1/users/{user}/badges");
        Assert.Equal((badges.Count, null, null), (page.Ids.Count, page.Previous, page.Next));
    }

    [Fact]
    public async Task Badges_of_one_moment_are_ordered_by_id()
    {
        var user = await roblox.NewUser();
        var universe = await roblox.NewUniverse();
        var badges = new List<long>();
        for (var i = 0; i < 25; i++)
        {
            badges.Add(await roblox.NewBadge(draft => draft with { IssuerId = universe, CreatedAt = 7 }));
            await roblox.Award(user, badges[i], at: 7);
        }
        foreach (var path in new[] { $"/v1/users/{user}/badges?limit=10", $"/v2/universes/{universe}/badges?limit=10" })
        {
            var first = await Page(path);
            var second = await Page($"{path}&cursor={first.Next}");
            var third = await Page($"{path}&cursor={second.Next}");
            Assert.Equal(badges, [.. first.Ids, .. second.Ids, .. third.Ids]);
        }
    }

    [Fact]
    public async Task A_cursor_is_good_for_its_list_owner_order_and_limit_only()
    {
        var (user, universe, _) = await Filled(30);
        var other = await roblox.NewUser();
        var users = $"/v1/users/{user}/badges";
        var cursor = (await Page($"{users}?limit=10&sortOrder=Asc")).Next!;
        Assert.Equal(200, (await roblox.Get($"{users}?cursor={cursor}")).Status);
        Assert.Equal(200, (await roblox.Get($"{users}?limit=10&sortOrder=ASC&cursor={cursor}&x=1")).Status);
        foreach (var foreign in new[]
        {
            $"{users}?limit=25&cursor={cursor}", $"{users}?sortOrder=Desc&cursor={cursor}", $"/v1/users/{other}/badges?cursor={cursor}",
            $"/v1/universes/{universe}/badges?cursor={cursor}", $"/v1/universes/{user}/badges?cursor={cursor}",
        })
        {
            (await roblox.Get(foreign)).Is(400, Errors.Cursor);
        }
        for (var i = 0; i < cursor.Length; i++)
        {
            var forged = cursor[..i] + (cursor[i] == 'A' ? 'B' : 'A') + cursor[(i + 1)..];
            (await roblox.Get($"{users}?cursor={forged}")).Is(400, Errors.Cursor);
        }
        (await roblox.Get($"{users}?cursor={cursor}=")).Is(400, Errors.Cursor);
        (await roblox.Get($"{users}?cursor={cursor[..^1]}")).Is(400, Errors.Cursor);
        (await roblox.Get($"{users}?cursor={cursor}&cursor={cursor}")).Is(400, Errors.Cursor);

        var both = (await Page($"/v1/universes/{universe}/badges?limit=10")).Next!;
        Assert.Equal(200, (await roblox.Get($"/v2/universes/{universe}/badges?cursor={both}")).Status);
    }

    [Fact]
    public async Task What_is_removed_under_a_cursor_leaves_a_way_on()
    {
        var (user, _, badges) = await Filled(25);
        var path = $"/v1/users/{user}/badges?limit=10";
        var second = await Page($"{path}&cursor={(await Page(path)).Next}");
        foreach (var badge in badges[..10].Concat(badges[20..]))
        {
            Assert.Null(await roblox.Server.Core.Awarding.RemoveFrom(user, badge, Harness.TestCore.Administrator, default));
        }
        var before = await Page($"{path}&cursor={second.Previous}");
        Assert.Empty(before.Ids);
        Assert.Null(before.Previous);
        Assert.Equal(badges[10..20], (await Page($"{path}&cursor={before.Next}")).Ids);
        var after = await Page($"{path}&cursor={second.Next}");
        Assert.Empty(after.Ids);
        Assert.Null(after.Next);
        Assert.Equal(badges[10..20], (await Page($"{path}&cursor={after.Previous}")).Ids);
    }

    private async Task<(long User, long Universe, List<long> Badges)> Filled(int count)
    {
        var user = await roblox.NewUser();
        var universe = await roblox.NewUniverse();
        var badges = new List<long>();
        for (var i = 0; i < count; i++)
        {
            badges.Add(await roblox.NewBadge(draft => draft with { IssuerId = universe, CreatedAt = i / 2 }));
        }
        await Task.WhenAll(badges.Select((badge, i) => roblox.Award(user, badge, at: 1000 + i)));
        return (user, universe, badges);
    }

    private async Task<(string? Previous, string? Next, List<long> Ids)> Page(string path)
    {
        var answer = await roblox.Get(path);
        Assert.Equal(200, answer.Status);
        var page = JsonElement.Parse(answer.Body);
        return (page.GetProperty("previousPageCursor").GetString(), page.GetProperty("nextPageCursor").GetString(), ReadingTests.Ids(answer.Body));
    }
}
