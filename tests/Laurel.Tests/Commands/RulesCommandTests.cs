using System.Text.Json.Nodes;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Xunit;
using static Laurel.Tests.Native.NativeWorld;

namespace Laurel.Tests.Commands;

/// <summary>Rules from files, beside a server that runs.</summary>
public sealed class RulesCommandTests
{
    private const string Two = """
        [{"key":"editor","actions":["Edit"],"when":{"count":true},
          "tiers":[{"badge":"isle/bronze","at":2},{"badgeId":9,"at":3}]},
         {"key":"set","id":5,"when":{"holding":["isle/bronze",9]},"badge":"isle/set"}]
        """;

    private sealed class World(TestDatabase database, TestServer laurel) : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("laurel-rules-").FullName;

        public TestServer Laurel => laurel;

        public string Connection => database.ConnectionString;

        public static async Task<World> Start(Engine engine)
        {
            var database = await TestDatabase.Create(engine);
            var laurel = await TestServer.StartSecond(database);
            (await laurel.Put($"{Root}/users/1", "{}")).Is(201);
            (await laurel.Put($"{Root}/issuers/100", """{"key":"isle","name":"Isle"}""")).Is(201);
            await laurel.Badge(8, more: ",\"key\":\"bronze\"");
            await laurel.Badge(9);
            await laurel.Badge(10, more: ",\"key\":\"set\"");
            (await laurel.Put($"{Root}/action-types/Edit", "{}")).Is(201);
            return new World(database, laurel);
        }

        public async Task<(int ExitCode, string Output, string Error)> Apply(string file)
        {
            await Write(file);
            return await Run(File0);
        }

        public async Task Write(params string[] files)
        {
            foreach (var (index, text) in files.Index())
            {
                await File.WriteAllTextAsync(Path.Combine(_folder, $"{index}.json"), text, TestContext.Current.CancellationToken);
            }
        }

        public Task<(int ExitCode, string Output, string Error)> Run(params string[] arguments) =>
            Line.Run(["rules", "apply", "--database", database.ConnectionString, .. arguments]);

        public string File0 => Path.Combine(_folder, "0.json");

        public string File1 => Path.Combine(_folder, "1.json");

        public async Task<JsonArray> Rules() => (await laurel.Get($"{Root}/rules")).Is(200).Json["items"]!.AsArray();

        public async ValueTask DisposeAsync()
        {
            Directory.Delete(_folder, recursive: true);
            await laurel.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    [Theory, EveryEngine]
    public async Task Files_are_shown_applied_and_applied_again(Engine engine)
    {
        await using var world = await World.Start(engine);
        var (code, output, _) = await world.Apply(Two);
        Assert.Equal(0, code);
        var rules = await world.Rules();
        Assert.Equal(["set", "editor"], rules.Select(rule => rule!["key"]!.GetValue<string>()));
        Assert.Equal("""{"holding":[8,9],"atLeast":2}""", rules[0]!["when"]!.ToJsonString());
        Assert.Equal("""[{"badgeId":8,"at":2},{"badgeId":9,"at":3}]""", rules[1]!["tiers"]!.ToJsonString());
        Assert.Equal($"created editor ({rules[1]!["id"]})\ncreated set (5)\n", output.ReplaceLineEndings("\n"));

        // The server that runs counts by them.
        foreach (var edit in new[] { 1, 2, 3 })
        {
            (await world.Laurel.Post($"{Root}/actions", """{"type":"Edit","userId":1}""")).Is(201);
        }
        Assert.Equal(3, (await world.Laurel.Get($"{Root}/users/1/awards")).Is(200).Json["items"]!.AsArray().Count);

        var changed = Two.Replace("\"at\":3", "\"at\":4").Replace("\"key\":\"set\",", "\"key\":\"set\",\"name\":\"All\",");
        var third = """{"key":"third","actions":["Edit"],"when":{"each":true},"badgeId":9}""";
        await world.Write(changed, third);
        (code, output, _) = await world.Run(world.File0, world.File1, "--dry-run");
        Assert.Equal((0, $"would change editor ({rules[1]!["id"]}): tiers; counts anew\nwould change set (5): name\nwould create third\n"), (code, output.ReplaceLineEndings("\n")));
        Assert.True(JsonNode.DeepEquals(rules, await world.Rules()));

        (code, output, _) = await world.Run(world.File0, "--json");
        Assert.Equal(0, code);
        Assert.Equal($$"""
            {"dryRun":false,"rules":[{"change":"changed","key":"editor","id":{{rules[1]!["id"]}},"members":["tiers"],"countsAnew":true},{"change":"changed","key":"set","id":5,"members":["name"],"countsAnew":false}]}
            """, output.Trim());
        rules = await world.Rules();
        Assert.Equal([2, 2], rules.Select(rule => rule!["revision"]!.GetValue<long>()));

        (code, output, _) = await world.Run(world.File0);
        Assert.Equal((0, $"unchanged editor ({rules[1]!["id"]})\nunchanged set (5)\n"), (code, output.ReplaceLineEndings("\n")));
        Assert.True(JsonNode.DeepEquals(rules, await world.Rules()));
        Assert.Equal(0, (await Line.Run("doctor", "--database", world.Connection)).ExitCode);
    }

    [Theory, EveryEngine]
    public async Task All_become_as_they_are_told_or_none(Engine engine)
    {
        await using var world = await World.Start(engine);
        (await world.Laurel.Put($"{Root}/rules/3", """{"key":"three","actions":["Edit"],"when":{"each":true},"badgeId":9}""")).Is(201);
        foreach (var (more, expected, words) in new[]
        {
            ("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":"isle/none"}""", 1, "No badge is isle/none"),
            ("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":"none/bronze"}""", 1, "No badge is none/bronze"),
            ("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":"bronze"}""", 1, "No badge is bronze"),
            ("""{"key":"a","when":{"holding":["isle/none"]},"badgeId":8}""", 1, "No badge is isle/none"),
            ("""{"key":"a","actions":["Edit"],"when":{"each":true},"badgeId":77}""", 1, "a: No badge has this id."),
            ("""{"key":"three","id":4,"actions":["Edit"],"when":{"each":true},"badgeId":8}""", 1, "three: Another rule has this key."),
            ("""{"key":"editor","actions":["Edit"],"when":{"each":true},"badgeId":8}""", 2, "editor: Two rules have this key."),
            ("""{"key":"a","id":5,"actions":["Edit"],"when":{"each":true},"badgeId":8}""", 2, "a: Two rules have this id."),
            ("""{"key":"a","id":0,"actions":["Edit"],"when":{"each":true},"badgeId":8}""", 2, "a: An id is"),
            ("""{"key":"a","actions":["Edit"],"when":{"count":0},"badgeId":8}""", 2, "a: Targets ascend"),
            ("""{"key":"a","actions":["Edit"],"filter":"(","when":{"each":true},"badgeId":8}""", 2, "a: "),
            ("""{"key":"a","actions":["Edit"],"when":{},"badgeId":8}""", 2, "a: A rule counts one thing"),
        })
        {
            foreach (var dryRun in new[] { false, true })
            {
                await world.Write(Two, more);
                var (code, output, error) = await world.Run([world.File0, world.File1, .. dryRun ? ["--dry-run"] : Array.Empty<string>()]);
                Assert.True((expected, "") == (code, output), $"{more}: {code} {output}{error}");
                Assert.Contains(words, error, StringComparison.Ordinal);
                Assert.Single(error.Trim().Split('\n'));
            }
        }
        Assert.Equal(["three"], (await world.Rules()).Select(rule => rule!["key"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("", "The body is not JSON")]
    [InlineData("{", "")]
    [InlineData("null", "")]
    [InlineData("7", "")]
    [InlineData("[null]", "Null where a rule is required.")]
    [InlineData("[7]", "$[0]")]
    [InlineData("[[]]", "")]
    [InlineData("""{"key":"a"}{"key":"b"}""", "")]
    [InlineData("{\"key\":\"a\",\n\"actions\":[\"Edit\"],\"when\":{\"each\":true},\n\"badge\":\"isle/bronze\",\"extra\":1}", "(line 3,")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"each":true},"badgeId":8,"badge":"isle/bronze"}""", "Repeated member")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":8}""", "Unknown member")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":["isle/bronze"]}""", "Unknown member")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"count":true},"tiers":[{"badge":"isle/bronze","at":1},"isle/set"]}""", "$.tiers[1]")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"count":true},"tiers":[{"badge":8},"isle/set"]}""", "$.tiers[0].badge")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"count":true},"tiers":[null]}""", "")]
    [InlineData("""{"key":"a","actions":["Edit"],"when":{"each":true},"badge":"\u0000"}""", "NUL")]
    [InlineData("""{"key":"a","id":"3","actions":["Edit"],"when":{"each":true},"badgeId":8}""", "$.id")]
    public async Task What_is_no_rule_is_wrong_use(string file, string words)
    {
        await using var world = await World.Start(Engine.Sqlite);
        var (code, output, error) = await world.Apply(file);
        Assert.True((2, "") == (code, output), $"{code} {output}{error}");
        Assert.Contains(words, error, StringComparison.Ordinal);
        Assert.Contains(world.File0, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Empty(await world.Rules());
    }

    [Fact]
    public async Task One_rule_and_a_byte_order_mark_are_a_file_too()
    {
        await using var world = await World.Start(Engine.Sqlite);
        var (code, output, error) = await world.Apply("\ufeff{\"actions\":[\"badge\",\"holding\"],\"key\":\"badge\",\"when\":{\"each\":true},\"badge\":\"100/bronze\"}");
        Assert.True((0, "") == (code, error), error);
        Assert.StartsWith("created badge (", output, StringComparison.Ordinal);
        Assert.Equal("8", (await world.Rules())[0]!["badgeId"]!.ToJsonString());
        Assert.Equal([0xef, 0xbb, 0xbf], (await File.ReadAllBytesAsync(world.File0, TestContext.Current.CancellationToken))[..3]);
    }
}
