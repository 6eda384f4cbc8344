using System.Diagnostics;
using Laurel.Core.Awards;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>Names are unbounded in number: what is counted is kept.</summary>
public sealed class MillionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Allowed = TimeSpan.FromMilliseconds(20);

    [Theory, EveryEngine(1_000_000, Only = [Engine.Sqlite]), EveryEngine(100_000, Only = [Engine.Postgres])]
    public async Task With_a_million_names_of_a_user_counters_cost_as_with_one_and_the_catalogue_stays_small(Engine engine, int names)
    {
        await using var perfumer = await PerfumerBed.With(engine: engine);
        await perfumer.Post("c", "ada", "many/first");
        var core = perfumer.Server.Core;
        var user = (await core.Users.FindIdByKey("ada"))!.Value;
        await Ledgers.Multiply(core, user, names);
        await perfumer.Post("c", "ada", "few", "many/last");

        Assert.Equal((names + 2, names + 3), (await perfumer.Count("c", "ada", "many"), await perfumer.Count("c", "ada", "_all")));
        Assert.Equal(names, await perfumer.Count("c", "ada", "many/some"));
        Assert.Equal(["many/some/77"], await perfumer.Names("c", "ada", "many/some/77"));
        Assert.Equal((1, 2, 1), (await Rows(core, "issuers"), await Rows(core, "badges"), await Rows(core, "users")));
        await AssertSeeks(core, user);

        // Whatever else the machine does: one undisturbed round of several is enough, and reading a million takes longer than that.
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 20 && best >= Allowed; round++)
        {
            best = new[] { best, await SlowestOfHundred(perfumer) }.Min();
        }
        output.WriteLine($"{names:N0} names: p99 of GET /counters {best.TotalMilliseconds:F1} ms");
        Assert.True(best < Allowed, $"{best.TotalMilliseconds} ms");
    }

    private static async Task<TimeSpan> SlowestOfHundred(PerfumerBed perfumer)
    {
        var slowest = TimeSpan.Zero;
        for (var call = 0; call < 100; call++)
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Equal(200, (await perfumer.Send("GET", "/counters?collection=c&user=ada&names=many,few,_all")).Status);
            slowest = new[] { slowest, Stopwatch.GetElapsedTime(began) }.Max();
        }
        return slowest;
    }

    private static ValueTask<long> Rows(Core.LaurelCore core, string table) =>
        core.Database.Read(async session => await session.QueryFirst<long>($"SELECT count(*) FROM {table}"));

    // The ledger is only ever asked for one award, by its whole key.
    private static async Task AssertSeeks(Core.LaurelCore core, long user)
    {
        var issuer = (await core.Issuers.FindByKey("c"))!.Id;
        var badge = (await core.Badges.FindByKey(issuer, "many"))!.Id;
        foreach (var sql in new[] { NamedAwards.CountOfBadge, NamedAwards.CountOfIssuer })
        {
            var plan = await core.Database.Read(async session =>
            {
                var lines = new List<string>();
                var sqlite = core.Engine == "sqlite";
                var rows = session.Prepare((sqlite ? "EXPLAIN QUERY PLAN SELECT " : "EXPLAIN SELECT ")
                    + sql.Replace("$1", $"{user}").Replace("$2", $"{issuer}").Replace("$3", $"{badge}"));
                while (await rows.Read())
                {
                    lines.Add(rows.Text(sqlite ? 3 : 0));
                }
                return lines;
            });
            Assert.DoesNotContain(plan, line => line.Contains("Seq Scan on awards", StringComparison.Ordinal) || line.StartsWith("SCAN a", StringComparison.Ordinal));
            if (core.Engine == "sqlite")
            {
                Assert.Contains(plan, line => line.Contains("PRIMARY KEY (user_id=? AND badge_id=? AND occasion=?)", StringComparison.Ordinal));
                Assert.DoesNotContain(plan, line => line.EndsWith("PRIMARY KEY (user_id=?)", StringComparison.Ordinal) && !line.Contains("repeated_awards", StringComparison.Ordinal));
            }
        }
    }
}
