using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

/// <summary>Claiming, wearing and points, through HTTP.</summary>
public sealed class RewardTests
{
    private static readonly string[] Calls = ["claim", "wear", "unwear"];

    [Theory, EveryEngine]
    public async Task A_claim_is_paid_once_however_often_it_is_asked(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        await laurel.Badge(8, more: ",\"claimable\":true,\"cost\":30");
        var award = (await laurel.Award(2, 8)).Is(201).Json["award"]!;
        var path = $"{Root}/users/2/awards/{award["id"]}";
        Assert.False(award["isClaimed"]!.GetValue<bool>());
        (await laurel.Post($"{Root}/users/2/points", """{"delta":100,"reason":"Welcome"}""", once: "a")).Is(201)
            .Says("""{"number":1,"delta":100,"balance":100,"reason":"Welcome","awardId":null,"createdBy":null,"createdAt":"2026-01-01T00:00:00Z"}""");
        (await laurel.Post($"{Root}/users/2/points", """{"delta":100,"reason":"Welcome"}""", once: "a")).Is(201);
        (await laurel.Get($"{Root}/users/2/points")).Is(200).Says("""{"userId":2,"balance":100,"entries":1}""");

        var claimed = (await laurel.Post($"{path}/claim", "", once: "b")).Is(200);
        foreach (var again in new[] { await laurel.Post($"{path}/claim", "", once: "b"), await laurel.Post($"{path}/claim", "{}"), await laurel.Get(path) })
        {
            Assert.Equal(claimed.Body, again.Is(200).Body);
        }
        Assert.Equal(("2026-01-01T00:00:00Z", false), (claimed.Text("claimedOn"), claimed.Json["isBadged"]!.GetValue<bool>()));
        (await laurel.Get($"{Root}/users/2/points")).Is(200).Says("""{"userId":2,"balance":70,"entries":2}""");
        Assert.True((await laurel.Post($"{path}/wear", "")).Is(200).Json["isBadged"]!.GetValue<bool>());
        Assert.False((await laurel.Post($"{path}/unwear", "")).Is(200).Json["isBadged"]!.GetValue<bool>());

        (await laurel.Delete(path)).Is(204);
        (await laurel.Post($"{path}/wear", "")).IsProblem(404, "unknown_award");
        (await laurel.Get($"{Root}/users/2/points")).Is(200).Says("""{"userId":2,"balance":70,"entries":2}""");
    }

    [Theory]
    [InlineData("""{"delta":1.5}""", 400)]
    [InlineData("""{"delta":"5"}""", 400)]
    [InlineData("""{"delta":null}""", 400)]
    [InlineData("""{"delta":true}""", 400)]
    [InlineData("""{"delta":9223372036854775808}""", 400)]
    [InlineData("""{"reason":"x"}""", 400)]
    [InlineData("""{"delta":1,"delta":2}""", 400)]
    [InlineData("""{"delta":1,"reason":7}""", 400)]
    [InlineData("""{"delta":1,"reason":"\u0000"}""", 400)]
    [InlineData("""{"delta":1,"reason":"\udc00"}""", 400)]
    [InlineData("""{"delta":0}""", 422)]
    [InlineData("""{"delta":9007199254740992}""", 422)]
    [InlineData("""{"delta":-9223372036854775808}""", 422)]
    [InlineData("""{"delta":-1}""", 409)]
    public async Task Points_that_are_none_change_nothing(string body, int status)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Post($"{Root}/users/2/points", body)).Is(status);
        (await laurel.Get($"{Root}/users/2/points")).Says("""{"userId":2,"balance":0,"entries":0}""");
    }

    [Fact]
    public async Task Paths_and_bodies_of_a_claim_are_strict()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var id = (await laurel.Award(2, 7)).Json["award"]!["id"];
        foreach (var call in Calls)
        {
            foreach (var odd in new[] { "x", "-1", "007", "1.5", "99999999999999999999", "%F0%9F%92%A9" })
            {
                (await laurel.Post($"{Root}/users/{odd}/awards/{id}/{call}", "")).IsProblem(400, "invalid", "userId");
                (await laurel.Post($"{Root}/users/2/awards/{odd}/{call}", "")).IsProblem(400, "invalid", "id");
            }
            foreach (var unknown in new[] { "0", "5", $"{long.MaxValue}" })
            {
                (await laurel.Post($"{Root}/users/{unknown}/awards/{id}/{call}", "")).IsProblem(404, "unknown_award");
                (await laurel.Post($"{Root}/users/2/awards/{unknown}/{call}", "")).IsProblem(404, "unknown_award");
            }
            foreach (var body in new[] { "null", "[]", "7", "{", """{"cost":0}""", "{}{}" })
            {
                (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", body)).IsProblem(400, "malformed");
            }
        }
        Assert.False((await laurel.Get($"{Root}/users/2/awards/{id}")).Json["isBadged"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Who_may()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var id = (await laurel.Award(2, 7)).Json["award"]!["id"];
        var (owner, manager) = (await laurel.Key(2, null), await laurel.Key(1, null));
        var (rewards, points) = (await laurel.Key(null, Scopes.RewardsWrite), await laurel.Key(null, Scopes.PointsWrite));
        foreach (var call in Calls)
        {
            (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", "", owner)).Is(200);
            (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", "", rewards)).Is(200);
            // The points are the user's, not the issuer's.
            (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", "", manager)).IsProblem(403, "forbidden");
            (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", "", points)).IsProblem(403, "forbidden");
            (await laurel.Post($"{Root}/users/2/awards/{id}/{call}", "", await laurel.Key(2, Scopes.UsersRead))).IsProblem(403, "forbidden");
        }
        (await laurel.Post($"{Root}/users/2/points", """{"delta":3}""", points)).Is(201);
        (await laurel.Post($"{Root}/users/2/points", """{"delta":3}""", owner)).IsProblem(403, "forbidden");
        foreach (var path in new[] { "points", "points/entries" })
        {
            (await laurel.Get($"{Root}/users/2/{path}", owner)).Is(200);
            (await laurel.Get($"{Root}/users/2/{path}", points)).Is(200);
            (await laurel.Get($"{Root}/users/2/{path}", manager)).IsProblem(403, "forbidden");
            (await laurel.Get($"{Root}/users/77/{path}")).IsProblem(404, "unknown_user");
        }
    }
}
