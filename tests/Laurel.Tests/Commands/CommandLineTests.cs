using System.Text.Json;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>What every command promises: its exit code, one line about what is wrong, and no secret in it.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_arguments_it_helps()
    {
        var (exitCode, output, error) = await Line.Run();

        Assert.Equal((0, ""), (exitCode, error));
        Assert.All(["serve", "health", "demo", "key", "rules", "backup", "doctor", "export", "import", "migrate", "Exit codes", "LAUREL_OPEN_DIALECTS"], each => Assert.Contains(each, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("fly")]
    [InlineData("key")]
    [InlineData("doctor", "--fast")]
    [InlineData("demo", "--users", "0")]
    [InlineData("demo", "--users", "many")]
    [InlineData("demo", "--synchronous", "SOMETIMES")]
    [InlineData("serve", "--urls", "127.0.0.1")]
    [InlineData("health", "--urls", "127.0.0.1")]
    [InlineData("serve", "--open-networks", "everywhere")]
    [InlineData("serve", "--log", "xml")]
    [InlineData("serve", "--partitions", "-1")]
    [InlineData("serve", "--moderation-file", "/nowhere/words")]
    [InlineData("serve", "--action-lateness", "P367D", "--action-retention", "P3000D")]
    [InlineData("serve", "--action-lateness", "P11D", "--action-retention", "P32D")]
    [InlineData("serve", "--action-retention", "P29D")]
    [InlineData("serve", "--action-retention", "P36601D")]
    [InlineData("key", "create", "--expires", "soon")]
    [InlineData("doctor", "--database", "nothing=1")]
    [InlineData("rules", "apply")]
    [InlineData("backup")]
    [InlineData("backup", "create")]
    [InlineData("rules", "apply", "/nowhere/rules.json")]
    [InlineData("export")]
    [InlineData("export", "--verify", "/nowhere/all.ndjson")]
    [InlineData("import", "/nowhere/all.ndjson")]
    [InlineData("migrate")]
    public async Task Wrong_use_is_two_and_one_line(params string[] arguments)
    {
        var (exitCode, output, error) = await Line.Run(arguments);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith("laurel: ", error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("key", "create", "--admin")]
    [InlineData("demo")]
    public async Task A_database_that_cannot_be_reached_is_three_and_its_password_is_not_told(params string[] arguments)
    {
        var (exitCode, output, error) = await Line.Run(
            [.. arguments, "--database", $"Host=127.0.0.1;Port={Tool.FreePort()};Username=laurel;Password=geheim;Database=laurel"]);

        Assert.Equal((3, ""), (exitCode, output));
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("geheim", error, StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task Findings_are_one_and_listed(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await Line.Demo(database, "--awards", "50");
        await using (var direct = Database.Open(new DatabaseOptions(database.ConnectionString)))
        {
            await direct.Write(async session => await session.Execute("UPDATE badges SET awarded = 0"));
        }

        var text = await Line.Run("doctor", "--database", database.ConnectionString);
        var json = await Line.Run("doctor", "--database", database.ConnectionString, "--json");

        Assert.Equal((1, 1), (text.ExitCode, json.ExitCode));
        Assert.Contains("BadgeNotFrozen: badge ", text.Output, StringComparison.Ordinal);
        var diagnosis = JsonDocument.Parse(json.Output).RootElement;
        Assert.False(diagnosis.GetProperty("clean").GetBoolean());
        Assert.Equal(50, diagnosis.GetProperty("awards").GetInt64());
        var findings = diagnosis.GetProperty("findings").EnumerateArray().ToList();
        Assert.Equal(findings.Count, diagnosis.GetProperty("differences").GetInt64());
        Assert.Equal(["badgeNotFrozen"], findings.Select(each => each.GetProperty("kind").GetString()).Distinct());
        Assert.All(findings, each => Assert.StartsWith("badge ", each.GetProperty("what").GetString(), StringComparison.Ordinal));
        Assert.All(findings, each => Assert.Equal(
            ["kind", "what", "expected", "found"], each.EnumerateObject().Select(member => member.Name)));
    }

    [Theory, EveryEngine]
    public async Task A_key_is_good_at_once_at_who_runs_on_the_same_database(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestCore.OpenSecond(database);
        await laurel.User(7);

        var admin = await Line.Run("key", "create", "--admin", "--database", database.ConnectionString);
        var limited = await Line.Run(
            "key", "create", "--user", "7", "--scopes", "awards:write,users:read", "--expires", "2199-01-01", "--json", "--database", database.ConnectionString);

        Assert.Equal((0, 0), (admin.ExitCode, limited.ExitCode));
        Assert.True((await laurel.Core.Keys.Authenticate(admin.Output.Trim()))?.IsAdministrator);
        var key = JsonDocument.Parse(limited.Output).RootElement;
        Assert.Equal("2199-01-01T00:00:00+00:00", key.GetProperty("expiresAt").GetString());
        Assert.False(key.GetProperty("isAdministrator").GetBoolean());
        var caller = await laurel.Core.Keys.Authenticate(key.GetProperty("secret").GetString()!);
        Assert.Equal((key.GetProperty("id").GetInt64(), 7L), (caller!.KeyId, caller.UserId!.Value));
        Assert.True(caller.Has("awards:write"));
        Assert.False(caller.Has("badges:write"));
    }

    [Theory, EveryEngine]
    public async Task What_runs_beside_a_server_takes_no_slot_from_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var server = await ServerProcess.Start(database.ConnectionString);
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        Task<List<(long Slot, string Owner)>> Slots() => direct.Read(async session =>
            (await session.Query<(long, string)>("SELECT CAST(slot AS BIGINT), owner FROM nodes ORDER BY slot")).ToList()).AsTask();
        var held = await Slots();

        var (exitCode, _, error) = await ServerProcess.Run("key", "create", "--admin", "--database", database.ConnectionString);

        Assert.True(exitCode == 0, error);
        var after = await Slots();
        Assert.NotEmpty(held);
        Assert.Equal(held, after.Take(held.Count));
        // It has taken as many, and has other owners.
        Assert.Equal(2 * held.Count, after.Count);
        Assert.Equal(2, after.Select(slot => slot.Owner).Distinct().Count());
        Assert.Equal(0, await server.Terminate());
    }

    [Fact]
    public async Task A_key_of_nobody_in_particular_is_refused()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);

        var nobody = await Line.Run("key", "create", "--database", database.ConnectionString);
        var unknown = await Line.Run("key", "create", "--user", "5", "--database", database.ConnectionString);
        var scope = await Line.Run("key", "create", "--scopes", "everything", "--database", database.ConnectionString);

        Assert.Equal((2, 1, 2), (nobody.ExitCode, unknown.ExitCode, scope.ExitCode));
        Assert.Equal("laurel: No user has this id.", unknown.Error.Trim());
    }

    [Fact]
    public async Task The_executable_answers_the_same()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);

        var (exitCode, output, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);

        Assert.Equal((3, ""), (exitCode, output));
        Assert.StartsWith("laurel: The database is not available.", error, StringComparison.Ordinal);
    }
}
