using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>The doctor against real histories, and against damage done behind the ledger's back.</summary>
public sealed class DoctorTests
{
    [Theory, EveryEngine(1), EveryEngine(2)]
    public async Task A_random_history_is_clean(Engine engine, int seed)
    {
        await using var laurel = await TestCore.Open(engine);
        var badges = await Catalogue(laurel);
        var standing = await Play(laurel, badges, new Random(seed), steps: 300);

        var whole = await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System);
        var inPieces = await InPieces(laurel);

        Assert.Empty(whole.Findings);
        Assert.Equal(standing, whole.Awards);
        Assert.Empty(inPieces.Findings);
        Assert.Equal(standing, inPieces.Awards);
    }

    [Theory, EveryEngine]
    public async Task An_empty_database_is_clean(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);

        Assert.True((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).IsClean);
    }

    [Theory, EveryEngine]
    public async Task What_is_awarded_and_removed_meanwhile_makes_no_finding(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var badges = await Catalogue(laurel);
        using var ending = new CancellationTokenSource();
        var playing = Task.Run(async () =>
        {
            for (var seed = 10; !ending.IsCancellationRequested; seed++)
            {
                await Play(laurel, badges, new Random(seed), steps: 50);
            }
        });

        for (var times = 0; times < 5; times++)
        {
            Assert.Empty((await InPieces(laurel)).Findings);
        }

        await ending.CancelAsync();
        await playing;
    }

    [Theory]
    [EveryEngine(FindingKind.BadgeTotal, "UPDATE badge_tallies SET awarded = awarded + 1 WHERE span = 0 AND badge_id = 7")]
    [EveryEngine(FindingKind.BadgeTotal, "DELETE FROM badge_tallies WHERE span = 0")]
    [EveryEngine(FindingKind.BadgeDay, "UPDATE badge_tallies SET awarded = awarded - 1 WHERE span = 1 AND badge_id = 8")]
    [EveryEngine(FindingKind.BadgeBucket, "DELETE FROM badge_tallies WHERE span = 2 AND badge_id = 7")]
    [EveryEngine(FindingKind.BadgeTotal, "DELETE FROM awards WHERE user_id = 3 AND badge_id = 7")]
    [EveryEngine(FindingKind.VisitorBucket, "UPDATE visitor_tallies SET visitors = visitors + 1")]
    [EveryEngine(FindingKind.VisitorBucket, "DELETE FROM visitors WHERE user_id = 4")]
    [EveryEngine(FindingKind.RepeatedAwards, "UPDATE repeated_awards SET standing = standing + 1")]
    [EveryEngine(FindingKind.RepeatedAwards, "UPDATE repeated_awards SET first_at = first_at + 1")]
    [EveryEngine(FindingKind.RepeatedAwards, "DELETE FROM repeated_awards")]
    [EveryEngine(FindingKind.RepeatedAwards, "UPDATE repeated_awards SET issuer_id = 2")]
    [EveryEngine(FindingKind.UnknownBadge, "DELETE FROM badges WHERE id = 7")]
    [EveryEngine(FindingKind.UnknownUser, "DELETE FROM users WHERE id = 3")]
    [EveryEngine(FindingKind.BadgeNotFrozen, "UPDATE badges SET awarded = 0 WHERE id = 7")]
    [EveryEngine(FindingKind.BadgeWithoutText, "DELETE FROM badge_texts WHERE badge_id = 8")]
    [EveryEngine(FindingKind.UserNotInDirectory, "UPDATE user_names SET user_id = 3 WHERE name = 'four'")]
    [EveryEngine(FindingKind.UserNotInDirectory, "DELETE FROM user_names WHERE kind = 1")]
    [EveryEngine(FindingKind.DuplicateAwardId, "UPDATE awards SET id = (SELECT min(id) FROM awards WHERE user_id = 3) WHERE user_id = 3")]
    [EveryEngine(FindingKind.StandingAndRemoved, """
        INSERT INTO award_history (user_id, badge_id, occasion, award_id, removed_at, awarded_at, source, subject, kind, lifted)
        SELECT user_id, badge_id, occasion, id, 1, awarded_at, source, subject, 1, 0 FROM awards WHERE user_id = 3 AND badge_id = 7
        """)]
    [EveryEngine(FindingKind.ListedWrongly, "INSERT INTO listed_users (user_id) VALUES (3)", Only = [Engine.Sqlite])]
    [EveryEngine(FindingKind.ListedWrongly, "UPDATE awards SET listed = 0 WHERE user_id = 3", Only = [Engine.Postgres, Engine.PostgresPartitioned])]
    [EveryEngine(FindingKind.Points, "UPDATE point_accounts SET balance = balance + 1 WHERE user_id = 3")]
    [EveryEngine(FindingKind.Points, "UPDATE point_accounts SET entries = entries - 1")]
    [EveryEngine(FindingKind.Points, "DELETE FROM point_accounts")]
    [EveryEngine(FindingKind.Points, "DELETE FROM point_entries WHERE number = 1")]
    [EveryEngine(FindingKind.Points, "DELETE FROM point_entries WHERE user_id = 4")]
    [EveryEngine(FindingKind.Points, "UPDATE point_entries SET delta = delta + 1, balance = balance + 1 WHERE user_id = 3 AND number = 2")]
    [EveryEngine(FindingKind.Points, "UPDATE point_entries SET balance = 0 WHERE number = 1")]
    [EveryEngine(FindingKind.Outbox, "UPDATE outbox SET events = @damage WHERE sequence = 1")]
    [EveryEngine(FindingKind.Counter, "UPDATE counters SET next = 1099511627776 WHERE kind = 5")]
    [EveryEngine(FindingKind.Counter, "UPDATE counters SET next = 1 WHERE kind = 0")]
    [EveryEngine(FindingKind.Integrity, "DROP TABLE visitors")]
    public async Task Damage_is_found_and_named(Engine engine, FindingKind kind, string damage)
    {
        await using var laurel = await TestCore.Open(engine);
        await Small(laurel);
        Assert.Empty((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).Findings);
        await TestCore.Settled(laurel.Core);

        await laurel.Core.Database.Write(async session => await session.Execute(damage, new { damage = new byte[] { 9, 9, 9 } }));

        var diagnosis = await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System);
        Assert.Contains(diagnosis.Findings, finding => finding.Kind == kind);
        Assert.All(diagnosis.Findings, finding => Assert.NotEqual(finding.Expected, finding.Found));
    }

    [Theory, InlineData(2), InlineData(-2)]
    public async Task A_torn_file_is_a_finding_too(int fromPage)
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await Small(laurel);
        }
        var file = database.ConnectionString["Data Source=".Length..];
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        // All pages behind the first two, the schema's among them; or the last two alone.
        for (var page = (fromPage * 4096) + (fromPage < 0 ? bytes.Length : 0); page < bytes.Length; page += 4096)
        {
            bytes.AsSpan(page, 16).Fill(0xEE);
        }
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        var diagnosis = await Doctor.Examine(new DatabaseOptions(database.ConnectionString), TimeProvider.System);

        Assert.Contains(diagnosis.Findings, finding => finding.Kind == FindingKind.Integrity);
    }

    [Fact]
    public async Task What_is_not_there_is_not_made()
    {
        var file = Path.Combine(Workspace.NewFolder("doctor"), "deep", "laurel.db");

        await Assert.ThrowsAsync<StorageUnavailableException>(() => Doctor.Examine(new DatabaseOptions($"Data Source={file}"), TimeProvider.System));

        Assert.False(Directory.Exists(Path.GetDirectoryName(file)));
    }

    [Theory, EveryEngine]
    public async Task A_database_of_something_else_is_refused(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using (var other = Database.Open(new DatabaseOptions(database.ConnectionString)))
        {
            await other.Write(async session => await session.Execute("CREATE TABLE things (id BIGINT)"));
        }

        await Assert.ThrowsAsync<SchemaMismatchException>(() => Doctor.Examine(new DatabaseOptions(database.ConnectionString), TimeProvider.System));
    }

    // Three rows at a time and a few counts at once: the same as hundreds of slices and passes of a large database.
    private static Task<Diagnosis> InPieces(TestCore laurel) =>
        Doctor.Examine(new Examination(laurel.Core.Database, TimeProvider.System) { SliceRows = 3, CountsAtOnce = 40 });

    private static async Task Small(TestCore laurel)
    {
        await laurel.Issuer(1);
        await laurel.Badge(7, 1);
        await laurel.Badge(8, 1, new Recurrence.Always());
        await laurel.User(3);
        TestCore.Value(await laurel.Core.Users.Put(4, new UserDraft { Key = "four" }, null, createOnly: false));
        await laurel.Award(3, 7);
        await laurel.Award(3, 8);
        await laurel.Award(3, 8);
        await laurel.Award(4, 7);
        var gone = (await laurel.Award(4, 8)).Award!;
        await laurel.Core.Awarding.Remove(4, gone.Id, RemovalKind.Reset, null, null, default);
        Assert.Null(await laurel.Core.Awarding.Visit(1, 3, null, default));
        Assert.Null(await laurel.Core.Awarding.Visit(1, 4, null, default));
        foreach (var (user, delta) in new[] { (3, 50), (3, -20), (4, 7) })
        {
            TestCore.Value(await laurel.Core.Points.Add(user, delta, null, TestCore.Administrator));
        }
    }

    private static async Task<long[]> Catalogue(TestCore laurel)
    {
        Recurrence[] often =
        [
            new Recurrence.Once(), new Recurrence.PerSubject(), new Recurrence.PerAction(), new Recurrence.Always(),
            new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2023, 1, 1)),
        ];
        foreach (var issuer in new[] { 1L, 2 })
        {
            await laurel.Issuer(issuer, "Asia/Riyadh");
            for (var i = 0; i < often.Length; i++)
            {
                await laurel.Badge((issuer * 10) + i, issuer, often[i]);
            }
        }
        for (var user = 1; user <= 12; user++)
        {
            await laurel.User(user);
        }
        return [10, 11, 12, 13, 14, 20, 21, 22, 23, 24];
    }

    // Awards of today and of long ago, by hand and imported, removals one by one and all at once, visits. How many stand.
    private static async Task<int> Play(TestCore laurel, long[] badges, Random random, int steps)
    {
        var made = new List<Award>();
        for (var step = 0; step < steps; step++)
        {
            var (user, badge) = (random.Next(1, 13), badges[random.Next(badges.Length)]);
            var at = laurel.Core.Time.Micros() - (random.Next(3) * random.NextInt64(1, 5 * Clock.Day));
            var request = new AwardRequest(user, badge, AwardSource.Native)
            {
                Subject = $"node:{random.Next(4)}", ActionId = random.Next(1, 5), AwardedAt = at, Manual = random.Next(6) == 0, IsVisit = random.Next(3) == 0,
            };
            switch (random.Next(10))
            {
                case < 6:
                    var outcome = await laurel.Core.Awarding.Award(request, TestCore.Administrator, bulk: random.Next(2) == 0, default);
                    Keep(outcome);
                    break;
                case 6:
                    Keep(await laurel.Core.Awarding.Import(random.Next(1, 30), request with { Manual = false }, null, default));
                    break;
                case 7 when made.Count > 0:
                    var chosen = made[random.Next(made.Count)];
                    var kind = random.Next(2) == 0 ? RemovalKind.Reset : RemovalKind.Revoke;
                    await laurel.Core.Awarding.Remove(chosen.UserId, chosen.Id, kind, null, "a reason", default);
                    break;
                case 8:
                    await laurel.Core.Awarding.RemoveAll(user, badge, RemovalKind.Reset, null, null, default);
                    break;
                default:
                    await laurel.Core.Awarding.Visit(badge / 10, user, at, default);
                    break;
            }
        }
        // Some rows may follow later: the tallies are exact at once.
        var standing = 0L;
        foreach (var badge in badges)
        {
            standing += await laurel.Core.Statistics.Awarded(badge);
        }
        return (int)standing;

        void Keep(AwardOutcome outcome)
        {
            if (outcome is { Created: true, Award: { } award })
            {
                made.Add(award);
            }
        }
    }
}
