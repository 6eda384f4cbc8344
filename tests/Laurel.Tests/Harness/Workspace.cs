using System.Diagnostics;
using System.Globalization;

namespace Laurel.Tests.Harness;

/// <summary>The one folder of this test process, for all that tests leave outside of it: files, PostgreSQL clusters, mounts and
/// started processes. Its name says whose it is, so whatever a killed test process left is cleared by the next one.</summary>
internal static class Workspace
{
    private const string Prefix = "laurel-tests-";
    private static readonly Lazy<string> Root = new(Open);
    private static int _folders;

    public static string NewFolder(string kind)
    {
        var folder = Path.Combine(Root.Value, $"{kind}-{Interlocked.Increment(ref _folders)}");
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Ends the process when this one ends, or when the next one finds that this one was killed.</summary>
    /// <param name="processId">Of a process that runs.</param>
    /// <param name="postmaster">PostgreSQL is asked to stop at once; killed, it would leave shared memory behind.</param>
    public static void Track(int processId, bool postmaster = false)
    {
        if (Tool.StartedAt(processId) is { } startedAt)
        {
            File.WriteAllText(Path.Combine(Root.Value, $"{(postmaster ? "postmaster" : "process")}-{processId}-{startedAt}"), "");
        }
    }

    /// <summary>Unmounts what is mounted below the folder and deletes it.</summary>
    public static void Clear(string folder)
    {
        foreach (var mount in MountsBelow(folder))
        {
            PowerCut.Unmount(mount);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static void Stop(int postmaster, long startedAt)
    {
        if (Tool.StartedAt(postmaster) == startedAt)
        {
            Tool.Send(Signal.Quit, postmaster);
            SpinWait.SpinUntil(() => Tool.StartedAt(postmaster) != startedAt, TimeSpan.FromSeconds(10));
        }
    }

    public static void ClearAbandoned(string temporary)
    {
        foreach (var folder in Directory.EnumerateDirectories(temporary, Prefix + "*"))
        {
            if (Parse(folder) is var (id, startedAt) && Tool.StartedAt(id) != startedAt)
            {
                ClearAll(folder);
            }
        }
    }

    private static void ClearAll(string root)
    {
        try
        {
            foreach (var process in Directory.EnumerateFiles(root, "process-*"))
            {
                if (Parse(process) is var (id, startedAt) && Tool.StartedAt(id) == startedAt)
                {
                    using var running = Process.GetProcessById(id);
                    running.Kill(entireProcessTree: true);
                    running.WaitForExit(TimeSpan.FromSeconds(5));
                }
            }

            foreach (var postmaster in Directory.EnumerateFiles(root, "postmaster-*"))
            {
                if (Parse(postmaster) is var (id, startedAt))
                {
                    Stop(id, startedAt);
                }
            }

            Clear(root);
        }
        catch (Exception notOurs)
        {
            // Another user's, or in use: no reason for tests to fail.
            Console.Error.WriteLine($"{root} stays: {notOurs.Message}");
        }
    }

    private static string Open()
    {
        ClearAbandoned(Path.GetTempPath());
        var own = Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}-{Tool.StartedAt(Environment.ProcessId)}");
        Directory.CreateDirectory(own);
        if (!OperatingSystem.IsWindows())
        {
            // PostgreSQL refuses to run as root, and its own user must be able to reach its cluster in here.
            File.SetUnixFileMode(own, (UnixFileMode)0b111_101_101);
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => ClearAll(own);
        return own;
    }

    private static (int Id, long StartedAt)? Parse(string path) =>
        Path.GetFileName(path).Split('-') is [.., var id, var startedAt]
        && int.TryParse(id, CultureInfo.InvariantCulture, out var parsedId)
        && long.TryParse(startedAt, CultureInfo.InvariantCulture, out var parsedStart)
            ? (parsedId, parsedStart)
            : null;

    private static List<string> MountsBelow(string folder) => !File.Exists("/proc/self/mounts")
        ? []
        : [.. File.ReadLines("/proc/self/mounts")
            .Select(line => line.Split(' ')[1])
            .Where(mount => mount.StartsWith(folder + "/", StringComparison.Ordinal))];
}
