namespace Laurel.Bench;

/// <summary>What the kernel says about processes.</summary>
internal static class ProcFs
{
    private const double MicrosecondsPerTick = 10_000; // USER_HZ is 100 on every Linux.

    /// <summary>CPU time of a process in microseconds, user and system.</summary>
    public static double Cpu(int pid) => Stat(pid) is { } stat ? stat.Own : 0;

    /// <summary>CPU time of a process and its children in microseconds, those included that have ended.</summary>
    public static double CpuOfFamily(int pid)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(Path.GetFileName)
            .Where(name => int.TryParse(name, out _))
            .Select(name => Stat(int.Parse(name!)))
            .Sum(stat => stat is { } child && child.Parent == pid ? child.Own : 0);
        return children + (Stat(pid) is { } parent ? parent.Own + parent.EndedChildren : 0);
    }

    public static long ResidentBytes(int pid) => StatusBytes(pid, "VmRSS:");

    /// <summary>The most that was resident at once since the process began.</summary>
    public static long PeakResidentBytes(int pid) => StatusBytes(pid, "VmHWM:");

    /// <summary>What of the resident memory is the process's own: not pages of files that it has mapped, which the kernel takes back.</summary>
    public static long OwnResidentBytes(int pid) => StatusBytes(pid, "RssAnon:");

    public static double Microseconds(long ticks) => ticks * MicrosecondsPerTick;

    private static long StatusBytes(int pid, string name)
    {
        // VmRSS:     12345 kB
        var line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[^2]) * 1024;
    }

    private static (int Parent, double Own, double EndedChildren)? Stat(int pid)
    {
        string text;
        try
        {
            text = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (IOException)
        {
            return null; // It ended between being listed and being read.
        }

        // The name may hold spaces and parentheses; the fields start after its last one with the state.
        var field = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        double Ticks(int index) => Microseconds(long.Parse(field[index]));
        return (int.Parse(field[1]), Ticks(11) + Ticks(12), Ticks(13) + Ticks(14));
    }
}
