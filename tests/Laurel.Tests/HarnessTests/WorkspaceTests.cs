using System.Diagnostics;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.HarnessTests;

public sealed class WorkspaceTests
{
    [Fact]
    public void A_process_is_told_from_a_later_one_with_its_id()
    {
        var start = Tool.StartedAt(Environment.ProcessId);

        Assert.NotNull(start);
        Assert.Equal(start, Tool.StartedAt(Environment.ProcessId));
        Assert.Null(Tool.StartedAt(int.MaxValue));
    }

    [Fact]
    public void What_a_killed_test_process_left_is_cleared()
    {
        using var left = Process.Start(new ProcessStartInfo("sleep", ["60"]))!;
        var workspace = Path.Combine(Workspace.NewFolder("elsewhere"), $"laurel-tests-{int.MaxValue}-1");
        Directory.CreateDirectory(Path.Combine(workspace, "sqlite-1"));
        File.WriteAllText(Path.Combine(workspace, $"process-{left.Id}-{Tool.StartedAt(left.Id)}"), "");
        var alive = Path.Combine(Path.GetDirectoryName(workspace)!, $"laurel-tests-{Environment.ProcessId}-{Tool.StartedAt(Environment.ProcessId)}");
        Directory.CreateDirectory(alive);

        Workspace.ClearAbandoned(Path.GetDirectoryName(workspace)!);

        Assert.False(Directory.Exists(workspace));
        Assert.True(Directory.Exists(alive));
        Assert.True(left.WaitForExit(TimeSpan.FromSeconds(10)));
    }
}
