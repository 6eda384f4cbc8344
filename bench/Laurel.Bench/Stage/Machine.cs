using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Laurel.Bench;

/// <summary>Where the figures come from: without it they say nothing.</summary>
internal static class Machine
{
    public static async Task<string> Describe(Stage stage, CancellationToken ct)
    {
        var settings = stage.Settings;
        var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        var cpu = model?.Split(": ")[1] ?? $"{RuntimeInformation.ProcessArchitecture}";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1024.0 * 1024 * 1024);
        var commit = await Shell.Try("git", ["describe", "--always", "--dirty"], ct) ?? "unknown commit";
        var wrk = await Shell.Try("dpkg-query", ["-W", "-f", "${Version}", "wrk"], ct) ?? "of unknown version";
        var kernel = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", ct)).Trim();
        var fileSystem = new DriveInfo(settings.DataDirectory).DriveFormat;
        var fsync = FsyncMicroseconds(settings.DataDirectory);
        string[] sentences =
        [
            $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {commit}: `{settings.CommandLine}`.",
            $"{Environment.ProcessorCount} cores ({cpu}), {memory:F0} GiB, {RuntimeInformation.OSDescription}, kernel {kernel},",
            $"{RuntimeInformation.FrameworkDescription}; load before the run {settings.LoadBefore}.",
            $"Data on {fileSystem}, where appending and syncing 4 KiB takes {fsync:N0} µs{await Postgres(stage, ct)}.",
            $"wrk {wrk} with {settings.Threads} threads on the same cores;",
            $"rounds: {settings.Rounds} of {settings.Seconds} s after {settings.WarmUpSeconds} s of warm-up; median (lowest–highest).",
        ];
        return string.Join('\n', sentences);
    }

    private static async Task<string> Postgres(Stage stage, CancellationToken ct) => stage.Postgres is { } cluster
        ? $"; {await cluster.Describe(ct)}"
        : "";

    // A disk that syncs in no time is lying, and so would every durable figure on it.
    private static double FsyncMicroseconds(string directory)
    {
        using var file = new FileStream(Path.Combine(directory, $"laurel-bench-fsync-{Environment.ProcessId}"), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        });
        var block = new byte[4096];
        var times = new double[100];
        for (var i = 0; i < times.Length; i++)
        {
            var clock = Stopwatch.StartNew();
            file.Write(block);
            file.Flush(flushToDisk: true);
            times[i] = clock.Elapsed.TotalMicroseconds;
        }

        return new Spread(times).Median;
    }
}
