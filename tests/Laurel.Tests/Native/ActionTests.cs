using System.Text;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Native;

public sealed class ActionTests
{
    [Theory, EveryEngine]
    public async Task An_action_is_recorded_once_and_told_as_it_was(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine, new ManualTime());
        (await laurel.Put($"{Root}/action-types/UserEditAction", """{"description":"Edits"}""")).Is(201)
            .Says("""{"name":"UserEditAction","description":"Edits","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}""");

        const string Body = """{"id":1125,"type":"UserEditAction","userId":2,"subject":"node:7","occurredAt":"2025-12-31T22:00:00-01:30","properties":{"b":[1,null],"a":"é"}}""";
        const string Told = """{"id":1125,"type":"UserEditAction","userId":2,"subject":"node:7","occurredAt":"2025-12-31T23:30:00Z","properties":{"b":[1,null],"a":"é"},"recordedAt":"2026-01-01T00:00:00Z"}""";
        (await laurel.Post($"{Root}/actions", Body)).Is(201).Says($$"""{"action":{{Told}},"created":true,"counted":true}""");
        (await laurel.Post($"{Root}/actions", Body)).Is(200).Says($$"""{"action":{{Told}},"created":false,"counted":true}""");
        (await laurel.Post($"{Root}/actions", Body.Replace("node:7", "node:8"))).IsProblem(409, "action_mismatch", "id");
        (await laurel.Get($"{Root}/actions/1125")).Is(200).Says(Told);

        var drawn = (await laurel.Post($"{Root}/actions", """{"type":"UserEditAction","userId":2}""")).Is(201).Json["action"]!;
        Assert.Equal("{}", drawn["properties"]!.ToJsonString());
        Assert.Equal("2026-01-01T00:00:00Z", drawn["occurredAt"]!.GetValue<string>());
        Assert.True(drawn["id"]!.GetValue<long>() >= 1L << 40);
        (await laurel.Post($"{Root}/actions", drawn.ToJsonString().Replace(",\"recordedAt\":\"2026-01-01T00:00:00Z\"", ""))).Is(200);
    }

    [Fact]
    public async Task What_comes_later_than_the_lateness_is_recorded_and_not_counted()
    {
        await using var laurel = await TestServer.Start(time: new ManualTime(), with: options => options with { ActionLateness = TimeSpan.FromHours(2) });
        (await laurel.Put($"{Root}/users/2", "{}")).Is(201);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);

        Assert.True(await Counted("2025-12-31T22:00:00Z"));
        Assert.False(await Counted("2025-12-31T21:59:59Z"));

        async Task<bool> Counted(string at) =>
            (await laurel.Post($"{Root}/actions", $$"""{"type":"Edit","userId":2,"occurredAt":"{{at}}"}""")).Is(201).Json["counted"]!.GetValue<bool>();
    }

    [Fact]
    public async Task Who_may_record_and_who_may_read()
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
        var (service, own, other) = (await laurel.Key(null, Scopes.ActionsWrite), await laurel.Key(2, null), await laurel.Key(3, null));
        const string Body = """{"id":5,"type":"Edit","userId":2}""";

        (await laurel.Post($"{Root}/actions", Body, own)).IsProblem(403, "forbidden");
        (await laurel.Post($"{Root}/actions", Body, await laurel.Key(null, Scopes.AwardsWrite))).IsProblem(403, "forbidden");
        (await laurel.Put($"{Root}/action-types/New", "{}", own)).IsProblem(403, "forbidden");
        (await laurel.Post($"{Root}/actions", Body, service)).Is(201);
        (await laurel.Put($"{Root}/action-types/New", "{}", service)).Is(201);

        (await laurel.Get($"{Root}/actions/5", own)).Is(200);
        (await laurel.Get($"{Root}/actions/5", service)).Is(200);
        (await laurel.Get($"{Root}/actions/5", other)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/actions/6", other)).IsProblem(403, "forbidden");
        (await laurel.Get($"{Root}/actions/6")).IsProblem(404, "unknown_action");
        (await laurel.Get($"{Root}/action-types/Edit", other)).Is(200);
        (await laurel.Get($"{Root}/action-types", other)).Is(200);
    }

    [Theory, EveryEngine]
    public async Task Types_are_listed_by_name_in_pages(Engine engine)
    {
        await using var laurel = await NativeWorld.Start(engine);
        var longest = new string('é', 255);
        string[] names = ["A", "b c", longest, "💩"];
        foreach (var name in names.Reverse())
        {
            (await laurel.Put($"{Root}/action-types/{Uri.EscapeDataString(name)}", "{}")).Is(201);
            Assert.Equal(name, (await laurel.Get($"{Root}/action-types/{Uri.EscapeDataString(name)}")).Is(200).Text("name"));
        }
        var listed = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await laurel.Get($"{Root}/action-types?limit=1{(cursor.Length == 0 ? "" : $"&cursor={cursor}")}")).Is(200);
            listed.Add(Assert.Single(page.Json["items"]!.AsArray())!["name"]!.GetValue<string>());
            cursor = page.Json["next"]?.GetValue<string>();
        }
        Assert.Equal(names, listed);
        (await laurel.Get($"{Root}/action-types?cursor=x")).IsProblem(400, "invalid", "cursor");
    }

    [Theory]
    [InlineData("a%2Fb")]
    [InlineData("a%252Fb")]
    [InlineData("%25")]
    [InlineData("%07")]
    [InlineData("%C2%80")]
    public async Task A_name_that_no_path_can_hold_is_refused(string name)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/action-types/{name}", "{}")).IsProblem(400, "invalid", "name");
        (await laurel.Get($"{Root}/action-types/{name}")).IsProblem(400, "invalid", "name");
        (await laurel.Get($"{Root}/action-types/{new string('x', 256)}")).IsProblem(400, "invalid", "name");
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("null", 400)]
    [InlineData("[]", 400)]
    [InlineData("""{"description":7}""", 400)]
    [InlineData("""{"description":"\ud800"}""", 400)]
    [InlineData("""{"description":"\u0000"}""", 400)]
    [InlineData("""{"description":"a","description":"b"}""", 400)]
    [InlineData("""{"name":"Edit"}""", 400)]
    public async Task A_type_that_is_none_is_refused(string body, int status)
    {
        await using var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{Root}/action-types/Edit", body)).IsProblem(status, "malformed");
        (await laurel.Send(HttpMethod.Put, $"{Root}/action-types/Edit", new StringContent("{}", Encoding.UTF8, "text/plain"), TestServer.AdministratorKey)).IsProblem(415, "unsupported_media_type");
        (await laurel.Get($"{Root}/action-types/Edit")).IsProblem(404, "unknown_action_type");
    }
}
