using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>The power fails under load: the file system is shut down without flushing. LAUREL_POWER_CUTS sets how often
/// (tests/soak/power-cut runs 100); LAUREL_SYNCHRONOUS=NORMAL is the control that must lose awards.</summary>
public sealed class PowerCutLoadTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_power_fails()
    {
        var cuts = int.TryParse(Environment.GetEnvironmentVariable("LAUREL_POWER_CUTS"), out var asked) ? asked : 3;
        var synchronous = Environment.GetEnvironmentVariable("LAUREL_SYNCHRONOUS") ?? "FULL";
        var (acknowledged, lost) = await Cut(cuts, synchronous);
        output.WriteLine($"synchronous={synchronous}: {cuts} power cuts, {acknowledged} acknowledged awards, {lost} lost.");
        if (synchronous == "FULL")
        {
            Assert.Equal(0, lost);
        }
        else
        {
            Assert.True(lost > 0, "The control lost nothing: the power cuts cut no power, and prove nothing.");
        }
    }

    private static async Task<(int Acknowledged, int Lost)> Cut(int cuts, string synchronous)
    {
        var (acknowledged, lost) = (0, 0);
        for (var cut = 0; cut < cuts; cut++)
        {
            await using var disk = await PowerCut.Create();
            await using var database = TestDatabase.InFolder(disk.Folder);
            await AwardLoad.Seed(database);
            // The seed is on the disk before the load begins: only what is acknowledged under load is at stake.
            Tool.Run("sync", "--file-system", disk.Folder);
            var load = new AwardLoad();
            await using (var server = await ServerProcess.Start(database.ConnectionString, ["--open-dialects", "--synchronous", synchronous]))
            {
                var running = load.Run(server.Address, TestContext.Current.CancellationToken);
                while (load.Acknowledged < 100 + (cut * 61 % 700) && !running.IsCompleted)
                {
                    await Task.Delay(1);
                }
                // What is answered from here on is not counted: it could not leave a machine without power. (While the file system
                // is being shut down, a sync may find its log already thrown away and return without an error.)
                load.StopCounting();
                disk.Cut();
                server.Kill();
                await running;
            }
            await disk.Restore();
            var (exitCode, findings, error) = await ServerProcess.Run("doctor", "--database", database.ConnectionString);
            Assert.True(exitCode == 0, $"doctor: {findings}{error}");
            await using var restarted = await ServerProcess.Start(database.ConnectionString);
            acknowledged += load.Acknowledged;
            lost += (await load.Missing(restarted.Client)).Count;
        }
        return (acknowledged, lost);
    }
}
