using System.Text;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class BatchTests
{
    // Row, and the code it is refused with.
    private static readonly (string Row, string Code)[] Bad =
    [
        ("null", "malformed"),
        ("7", "malformed"),
        ("\"text\"", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ("""{"userId":"1","badgeId":7}""", "malformed"),
        ("""{"userId":1.5,"badgeId":7}""", "malformed"),
        ("""{"userId":1,"badgeId":7,"extra":1}""", "malformed"),
        ("""{"userId":1,"userId":1,"badgeId":7}""", "malformed"),
        ("""{"userId":1,"badgeId":7,"subject":"\ud800"}""", "malformed"),
        ("""{"userId":1,"badgeId":7,"subject":"a\u0000"}""", "malformed"),
        ("""{"userId":1,"badgeId":7,"awardedAt":"yesterday"}""", "malformed"),
        (new string('[', 5000) + new string(']', 5000), "malformed"),
        ("""{"userId":77,"badgeId":7}""", "unknown_user"),
        ("""{"userId":99999999999,"badgeId":7}""", "unknown_user"),
        ("""{"userId":1,"badgeId":77}""", "unknown_badge"),
        ("""{"userId":1,"badgeId":7,"actionId":-1}""", "invalid_action"),
        ("""{"userId":1,"badgeId":7,"awardedAt":"9999-01-01T00:00:00Z"}""", "time_in_future"),
    ];

    [Theory, EveryEngine]
    public async Task Bad_rows_among_1024_harm_no_other(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"perSubject\"");
        var rows = Enumerable.Range(0, 1024).Select(i => i % 32 == 5
            ? Bad[i / 32 % Bad.Length]
            : (Row: $$"""{"userId":{{1 + (i % 3)}},"badgeId":8,"subject":"{{i}}"}""", Code: "")).ToList();

        var answer = (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows.Select(row => row.Row))}]")).Is(200).Json.AsArray();

        Assert.Equal(1024, answer.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            var item = answer[i]!;
            if (rows[i].Code.Length == 0)
            {
                Assert.Equal("created", item["status"]!.GetValue<string>());
                Assert.Equal($"s:{i}", item["award"]!["occasion"]!.GetValue<string>());
                Assert.Null(item["code"]);
            }
            else
            {
                Assert.Equal("refused", item["status"]!.GetValue<string>());
                Assert.Equal(rows[i].Code, item["code"]!.GetValue<string>());
                Assert.Null(item["award"]);
            }
        }
    }

    [Theory, EveryEngine]
    public async Task Rows_that_meet_in_one_occasion_are_taken_in_their_order(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"always\"");
        var rows = Enumerable.Range(0, 300).SelectMany(i => new[]
        {
            $$"""{"userId":{{1 + (i % 3)}},"badgeId":7,"awardedAt":"2020-01-01T00:00:{{59 - (i % 60):00}}Z"}""",
            """{"userId":1,"badgeId":8}""",
        });

        var answer = (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', rows)}]")).Is(200).Json.AsArray();

        for (var i = 0; i < 600; i += 2)
        {
            Assert.Equal(i < 6 ? "created" : "held", answer[i]!["status"]!.GetValue<string>());
            Assert.Equal($"2020-01-01T00:00:{59 - (i / 2 % 3)}Z", answer[i]!["award"]!["awardedAt"]!.GetValue<string>());
            Assert.Equal("created", answer[i + 1]!["status"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_batch_has_a_form_and_limits_of_its_own()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Post($"{Root}/awards/batch", "[]")).Is(200).Says("[]");
        (await laurel.Post($"{Root}/awards/batch", "{}")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/awards/batch", """[{"userId":1,"badgeId":7},""")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/awards/batch", "[] []")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/awards/batch", $"[{string.Join(',', Enumerable.Repeat("1", 10_001))}]")).IsProblem(422, "batch_too_long");
        (await laurel.Post($"{Root}/awards/batch", $"[{new string(' ', 2 << 20)}]")).Is(200);
        (await laurel.Send(HttpMethod.Post, $"{Root}/awards/batch", $"[{new string(' ', 17 << 20)}]", TestServer.AdministratorKey, ("Expect", "100-continue"))).IsProblem(413, "body_too_large");
        Assert.Empty((await laurel.Get($"{Root}/users/1/awards")).Json["items"]!.AsArray());
    }

    [Theory, EveryEngine]
    public async Task A_batch_of_ten_thousand_is_answered_in_order(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"perAction\"");
        var rows = new StringBuilder("[");
        for (var i = 1; i <= 10_000; i++)
        {
            rows.Append(i == 1 ? "" : ",").Append($$"""{"userId":{{1 + (i % 3)}},"badgeId":8,"actionId":{{i}}}""");
        }
        var first = await laurel.Post($"{Root}/awards/batch", rows.Append(']').ToString(), once: "ten-thousand");
        Assert.All(first.Is(200).Json.AsArray().Index(), row => Assert.Equal($"a:{row.Index + 1}", row.Item!["award"]!["occasion"]!.GetValue<string>()));
        Assert.Equal(first.Body, (await laurel.Post($"{Root}/awards/batch", rows.ToString(), once: "ten-thousand")).Body);
        Assert.Equal(10_000, await laurel.Core.Statistics.Awarded(8));
    }
}
