using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>The real process killed under load. LAUREL_KILL_ROUNDS sets how often (tests/soak/kill runs 500).</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    [Theory]
    [EveryEngine(8, Only = [Engine.Sqlite])]
    [EveryEngine(4, Only = [Engine.Postgres])]
    public async Task Nothing_acknowledged_is_lost_or_doubled_when_the_process_is_killed(Engine engine, int rounds)
    {
        rounds = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_KILL_ROUNDS"), out var asked) ? asked : rounds;
        var slowest = TimeSpan.Zero;
        var acknowledged = 0;
        var killed = 0;
        while (killed < rounds)
        {
            await using var database = await TestDatabase.Create(engine);
            await AwardLoad.Seed(database);
            var load = new AwardLoad();
            while (killed < rounds && !load.IsUsedUp)
            {
                await using (var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]))
                {
                    slowest = server.TimeToReady > slowest ? server.TimeToReady : slowest;
                    var before = load.Acknowledged;
                    var running = load.Run(server.Address, TestContext.Current.CancellationToken);
                    // Amid the load, and never at the same moment of it.
                    while (load.Acknowledged < before + 50 + (killed * 37 % 400) && !running.IsCompleted)
                    {
                        await Task.Delay(1);
                    }
                    server.Kill();
                    await running;
                    killed++;
                }
                await using var restarted = await ServerProcess.Start(database.ConnectionString);
                slowest = restarted.TimeToReady > slowest ? restarted.TimeToReady : slowest;
                Assert.Empty(await load.Missing(restarted.Client));
            }
            acknowledged += load.Acknowledged;
            var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
            Assert.True(exitCode == 0, $"doctor: {findings}{error}");
        }
        output.WriteLine($"{engine}: {killed} kills, {acknowledged} acknowledged awards, 0 lost; slowest start until ready {slowest.TotalSeconds:F2} s.");
    }

    [Theory]
    [EveryEngine(Only = [Engine.Sqlite])]
    public async Task An_orderly_stop_answers_what_waits_and_ends_with_zero(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await AwardLoad.Seed(database);
        var load = new AwardLoad();
        await using (var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects"]))
        {
            var running = load.Run(server.Address, TestContext.Current.CancellationToken);
            while (load.Acknowledged < 200)
            {
                await Task.Delay(5);
            }
            Assert.Equal(0, await server.Terminate());
            await running;
        }
        await using var restarted = await ServerProcess.Start(database.ConnectionString);
        Assert.Empty(await load.Missing(restarted.Client));
    }
}
