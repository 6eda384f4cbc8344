using System.Text;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Laurel.Tests.Images;
using Xunit;

namespace Laurel.Tests.Commands;

/// <summary>A SQLite database with rows in every table, made once: a demo, and what a demo has not. And its export.</summary>
internal sealed class ExportSample
{
    public const long Pioneers = 77;
    public const string Action = "pioneer";

    private static readonly Lazy<Task<ExportSample>> One = new(Make);

    private readonly string _database;

    private ExportSample(string database, string file, byte[] bytes, string secret, string accessToken) =>
        (_database, File, Bytes, Secret, AccessToken) = (database, file, bytes, secret, accessToken);

    public static Task<ExportSample> Get() => One.Value;

    /// <summary>Where the export is.</summary>
    public string File { get; }

    public byte[] Bytes { get; }

    /// <summary>A key's, of user 1.</summary>
    public string Secret { get; }

    /// <summary>Of a session of user 1.</summary>
    public string AccessToken { get; }

    /// <summary>Puts the database into the place of another.</summary>
    public void CopyTo(TestDatabase database) => System.IO.File.Copy(_database, PathOf(database.ConnectionString));

    /// <summary>The file of a SQLite database.</summary>
    public static string PathOf(string connection) => connection["Data Source=".Length..];

    /// <summary>Exports to a new file.</summary>
    public static async Task<byte[]> Export(TestDatabase database)
    {
        var file = Path.Combine(Workspace.NewFolder("export"), "all.ndjson");
        var (exitCode, _, error) = await Line.Run("export", file, "--database", database.ConnectionString);
        Assert.True(exitCode == 0, error);
        return await System.IO.File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
    }

    /// <summary>What <c>laurel import</c> is called with.</summary>
    public static string[] ImportArguments(string file, TestDatabase database) =>
        ["import", file, "--database", database.ConnectionString, "--partitions", database.Partitioned ? "4" : "0"];

    public static void Same(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual), Difference(expected, actual));

    private static string Difference(byte[] expected, byte[] actual)
    {
        var (lines, others) = (Lines(expected), Lines(actual));
        var (before, now) = lines.Zip(others).FirstOrDefault(pair => pair.First != pair.Second);
        return $"{lines.Length} and {others.Length} lines; first: {before}, and {now}";
    }

    public static string[] Lines(byte[] bytes) => Encoding.UTF8.GetString(bytes).Split('\n');

    private static async Task<ExportSample> Make()
    {
        var database = TestDatabase.InFolder(Workspace.NewFolder("sample"));
        var (exitCode, _, error) = await Line.Demo(database);
        Assert.True(exitCode == 0, error);
        string secret, accessToken;
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            (secret, accessToken) = await Access(laurel.Core);
            await Rest(laurel);
            // What several processes count is one count.
            await using var second = await TestCore.OpenSecond(database);
            await second.User(9001);
            await second.Award(9001, 2_125_253_106);
            Assert.Empty(laurel.Core.Nodes.Intersect(second.Core.Nodes));
        }
        await Odd(database);
        var file = Path.Combine(Workspace.NewFolder("sample"), "all.ndjson");
        var (exported, _, why) = await Line.Run("export", file, "--database", database.ConnectionString);
        Assert.True(exported == 0, why);
        return new ExportSample(PathOf(database.ConnectionString), file, await System.IO.File.ReadAllBytesAsync(file), secret, accessToken);
    }

    private static async Task<(string Secret, string AccessToken)> Access(LaurelCore core)
    {
        var key = TestCore.Value(await core.Keys.Create(new KeyDraft(1, null, null)));
        var tokens = await core.Sessions.Begin(1);
        var (_, hash, _) = await core.Idempotency.Begin("scope", "one", "{}"u8.ToArray());
        await core.Idempotency.Complete(hash, new StoredAnswer(201, "application/json", [0, 1, 254, 255]));
        await core.Idempotency.Begin("scope", "two", "{}"u8.ToArray());
        return (key.Secret, tokens.AccessToken);
    }

    private static async Task Rest(TestCore laurel)
    {
        var core = laurel.Core;
        TestCore.Value(await core.Icons.Put(2_125_253_106, SampleImages.Png, createOnly: false, TestCore.Administrator));
        foreach (var kind in new[] { RemovalKind.Reset, RemovalKind.Revoke })
        {
            var award = (await core.UserAwards.List(kind == RemovalKind.Reset ? 5 : 6, Position.First, 10))[0];
            await core.Awarding.Remove(award.UserId, award.Id, kind, 1, "Because \"it\" was\nwrong", default);
        }
        var user = (await core.Users.Find(7))!;
        TestCore.Value(await core.Users.Put(7, user.Draft with { TimeZone = "Asia/Tokyo" }, null, createOnly: false));
        TestCore.Value(await core.ActionTypes.Put(Action, "Comes early", createOnly: false));
        await laurel.Badge(Pioneers, 994_732_206);
        TestCore.Value(await core.Rules.Put(1, new RuleDraft
        {
            Key = Action, Enabled = true, Actions = [Action], Condition = new Condition.Count(), Tiers = [new Tier(Pioneers, 2)], MaximumRecipients = 10,
        }, createOnly: false, TestCore.Administrator));
        // Three have seats, and the fourth is halfway.
        foreach (var who in new[] { 11L, 11, 12, 12, 13, 13, 14 })
        {
            TestCore.Value(await core.Actions.Record(new ActionDraft(Action, who) { Properties = """{"a":"\u0007😀"}""" }));
        }
    }

    // What no caller is allowed to write, in the end, and what engines may order in two ways.
    private static async Task Odd(TestDatabase database)
    {
        await using var direct = Database.Open(new DatabaseOptions(database.ConnectionString));
        await direct.Write(async session =>
        {
            await session.Execute("UPDATE users SET full_name = @odd WHERE id = 8", new { odd = "\"\\/\b\f\n\r\t\u0001\u001f\u007f\u2028é عربي 😀\ufffd" });
            await session.Execute("UPDATE users SET full_name = '' WHERE id = 9");
            await session.Execute("UPDATE users SET privacy = 2 WHERE id = 9");
            foreach (var name in new[] { "\ue000", "😀", "Z", "a", "é", "" })
            {
                await session.Execute("INSERT INTO user_names (name, kind, user_id) VALUES (@name, 2, 999999)", new { name });
            }
            await session.Execute("INSERT INTO award_details (user_id, award_id, payload) VALUES (@least, @least, 'the least'), (@most, @most, 'the most')",
                new { least = long.MinValue, most = long.MaxValue });
            await session.Execute("INSERT INTO badge_tallies (span, start, badge_id, node, awarded) VALUES (1, -5, 77, 1, -3), (1, -5, 77, 2, 3)");
        });
    }
}
