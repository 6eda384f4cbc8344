using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>The tour of README.md, line by line as somebody pastes it, against a server over a demo.</summary>
public sealed class TourTests
{
    private const string Password = "p:a s$s\"wörd";

    private static readonly string Readme = Path.GetFullPath(Path.Combine(
        typeof(TourTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!,
        "..", "..", "README.md"));

    [Theory, EveryEngine]
    public async Task Every_call_is_answered(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);

        await Take(database, Line.DemoArguments(database));

        var doctor = await Line.Run("doctor", "--database", database.ConnectionString, "--json");
        Assert.True(doctor.ExitCode == 0, doctor.Output);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_finds_what_it_names_in_the_smallest_demo_of_any_seed(int seed)
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);

        await Take(database,
            ["demo", "--database", database.ConnectionString, "--users", "3", "--badges", "6", "--awards", "4",
                "--seed", seed.ToString(CultureInfo.InvariantCulture)]);
    }

    [Fact]
    public async Task Nobody_logs_in_where_no_password_was_given()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await Line.Demo(database);
        await using var laurel = await TestCore.OpenSecond(database);

        var moderator = await laurel.Core.Users.Find(2);

        Assert.Equal(("answerhub", false), (moderator!.Draft.Username, moderator.HasPassword));
    }

    private static async Task Take(TestDatabase database, string[] demo)
    {
        Requirement.Need(Tool.Find("curl") is null ? "curl is not installed." : null);
        var made = await ServerProcess.Run(new Dictionary<string, string?> { ["LAUREL_DEMO_PASSWORD"] = Password }, demo);
        Assert.True(made.ExitCode == 0, made.Error);
        var key = $"laurel_{Guid.NewGuid():N}";
        await using var server = await ServerProcess.Start(
            database.ConnectionString, ["--open-dialects"], new Dictionary<string, string?> { ["LAUREL_ADMIN_KEY"] = key });
        var folder = Workspace.NewFolder("tour");
        await File.WriteAllTextAsync(Path.Combine(folder, "admin-key"), key + "\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "answerhub-password"), Password + "\n", TestContext.Current.CancellationToken);

        var answers = Answers(Tour(server.Address.Authority), folder);

        Assert.Equal(["Roblox", "AnswerHub", "Perfumer", "Karaz", "AISquare", "Laurel's own API"], answers.Select(each => each.Api));
        Assert.All(answers, each => Assert.True(each.Status == "200", $"{each.Api}: {each.Status} {each.Body}"));
        Shows(answers.ToDictionary(each => each.Api, each => each.Body));
    }

    private static void Shows(Dictionary<string, string> bodies)
    {
        Assert.Equal("""{"status":true,"content":{"counters":{"profile/1":1,"profile/2":2,"_all":3}}}""", bodies["Perfumer"].Trim());
        var steps = JsonElement.Parse(bodies["Karaz"]);
        Assert.Equal("Ten Thousand Steps", steps.GetProperty("badge_name_e").GetString());
        Assert.All(["badge_description_a", "badge_description_e"], each => Assert.DoesNotContain('{', steps.GetProperty(each).GetRawText()));
        var next = string.Join('-', steps.GetProperty("next_obtainable").GetString()!.Split('-').Reverse());
        Assert.All(["badge_description_a", "badge_description_e"],
            each => Assert.Contains(next, steps.GetProperty(each).GetRawText(), StringComparison.Ordinal));
        var reward = JsonElement.Parse(bodies["AISquare"]);
        Assert.True(reward.GetProperty("is_claimed").GetBoolean() && reward.GetProperty("is_badged").GetBoolean());
        var awards = JsonElement.Parse(bodies["Laurel's own API"]).GetProperty("items").EnumerateArray().ToList();
        // What the calls before awarded is there.
        Assert.Contains(awards, award => award.GetProperty("badgeId").GetInt64() == 2_125_253_106);
        Assert.Contains(awards, award => award.GetProperty("badgeId").GetInt64() == 3001 && award.GetProperty("actionId").GetInt64() == 1125);
    }

    // The commands of the tour with the words behind them.
    private static List<(string Command, string Comment)> Tour(string authority) =>
    [
        .. File.ReadAllText(Readme).Split("## A tour")[1].Split("```")[1].Split('\n').Skip(1)
            .Where(line => line.Length > 0)
            .Select(line => line.Replace("127.0.0.1:8080", authority, StringComparison.Ordinal).Split("   # "))
            .Select(parts => (parts[0], parts[1])),
    ];

    // One shell runs them all: the first ones set what the others use. Each curl tells its status on standard error.
    private static List<(string Api, string Status, string Body)> Answers(List<(string Command, string Comment)> tour, string folder)
    {
        var script = new StringBuilder($$"""
            unset LAUREL_ADMIN_KEY
            LAUREL_DATA='{{folder}}'
            curl() { command curl --silent --write-out '%{stderr}%{http_code}' "$@"; }

            """);
        var calls = tour.FindAll(each => each.Command.StartsWith("curl ", StringComparison.Ordinal));
        foreach (var (command, _) in tour.Except(calls))
        {
            script.Append(command).Append('\n');
        }
        for (var i = 0; i < calls.Count; i++)
        {
            script.Append(CultureInfo.InvariantCulture, $"{{ {calls[i].Command.TrimEnd()}; }} >'{folder}/body-{i}' 2>'{folder}/status-{i}'\n");
        }
        var (exitCode, _, error) = Tool.Try("bash", "-c", script.ToString());
        Assert.True(exitCode == 0, error);
        return [.. calls.Select((call, i) =>
            (call.Comment.Split(':')[0], File.ReadAllText(Path.Combine(folder, $"status-{i}")), File.ReadAllText(Path.Combine(folder, $"body-{i}"))))];
    }
}
