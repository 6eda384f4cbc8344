using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class IdempotencyTests
{
    private const string Award = """{"userId":2,"badgeId":8}""";

    [Theory, EveryEngine]
    public async Task A_repeated_post_gets_its_first_answer_and_does_nothing(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await NativeWorld.Start(engine, time);
        await laurel.Badge(8, "\"always\"");

        var first = (await laurel.Post($"{Root}/awards", Award, once: "k")).Is(201);
        var second = (await laurel.Post($"{Root}/awards", Award, once: "k")).Is(201);
        Assert.Equal((first.Body, first.ContentType), (second.Body, second.ContentType));
        Assert.Equal("true", second.Headers["Idempotency-Replayed"]);
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(8));

        (await laurel.Post($"{Root}/awards", Award + " ", once: "k")).IsProblem(422, "idempotency_mismatch", "Idempotency-Key");
        (await laurel.Post($"{Root}/awards", Award, await laurel.Key(1, null), once: "k")).Is(201);
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""", once: "k")).Is(204);
        (await laurel.Post($"{Root}/visits", """{"issuerId":100,"userId":2}""", once: "k")).Is(204);
        time.StepClock(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        (await laurel.Post($"{Root}/awards", Award, once: "k")).Is(201);
        Assert.Equal(3, await laurel.Core.Statistics.Awarded(8));
    }

    [Theory, EveryEngine]
    public async Task Of_many_at_once_one_runs_and_the_others_wait_or_repeat(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        await laurel.Badge(8, "\"always\"");

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => laurel.Post($"{Root}/awards", Award, once: "k")));

        var told = answers.Where(answer => (int)answer.Status == 201).ToList();
        Assert.Single(told.Select(answer => answer.Body).Distinct());
        Assert.All(answers.Except(told), answer => answer.IsProblem(409, "idempotency_running", "Idempotency-Key"));
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(8));
    }

    [Theory, EveryEngine]
    public async Task What_was_refused_may_be_tried_again_with_the_same_key(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        (await laurel.Post($"{Root}/awards", Award, once: "k")).IsProblem(422, "unknown_badge");
        (await laurel.Post($"{Root}/awards", "{", once: "k")).IsProblem(400, "malformed");
        (await laurel.Post($"{Root}/awards", """{"userId":2,"badgeId":7}""", once: "k")).Is(201);
    }

    [Fact]
    public async Task A_replayed_key_comes_without_its_secret()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var first = (await laurel.Post($"{Root}/keys", """{"userId":2}""", once: "k")).Is(201);
        var second = (await laurel.Post($"{Root}/keys", """{"userId":2}""", once: "k")).Is(201);
        Assert.NotNull(first.Text("secret"));
        Assert.Null(second.Json["secret"]);
        Assert.Equal(first.Text("id"), second.Text("id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("two\twords")]
    [InlineData("256")]
    public async Task A_key_is_1_to_255_visible_ascii_characters(string key)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Post($"{Root}/awards", Award, once: key == "256" ? new string('k', 256) : key)).IsProblem(400, "invalid", "Idempotency-Key");
        (await laurel.Post($"{Root}/issuers", """{"name":"N"}""", once: new string('k', 255))).Is(201);
    }

    [Theory]
    [InlineData("issuers", """{"name":"N"}""")]
    [InlineData("places", """{"issuerId":100,"name":"N"}""")]
    [InlineData("users", """{"username":"n"}""")]
    [InlineData("badges", """{"issuerId":100,"texts":{"en":{"name":"N"}}}""")]
    [InlineData("awards", """{"userId":2,"badgeId":7}""")]
    [InlineData("awards/batch", """[{"userId":2,"badgeId":7},3]""")]
    public async Task Every_post_honours_it(string path, string body)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        var first = await laurel.Post($"{Root}/{path}", body, once: "k");
        var second = await laurel.Post($"{Root}/{path}", body, once: "k");
        Assert.True((int)first.Status is 200 or 201);
        Assert.Equal((first.Status, first.Body), (second.Status, second.Body));
    }
}
