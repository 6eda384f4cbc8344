namespace Laurel.Bench;

/// <summary>What a run measures and how long. A quick run keeps the shape and shrinks the sizes: it tries the command only.</summary>
internal sealed record Settings
{
    public required string CommandLine { get; init; }
    public required IReadOnlyList<string> Tables { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }
    public required IReadOnlyList<Engine> Engines { get; init; }
    public required int Rounds { get; init; }
    public required int Seconds { get; init; }
    public required int WarmUpSeconds { get; init; }
    public required int Threads { get; init; }
    public required bool Quick { get; init; }

    /// <summary>With how many awards the growing ledger is measured.</summary>
    public required IReadOnlyList<int> Awards { get; init; }

    public required string DataDirectory { get; init; }
    public required string Laurel { get; init; }
    public required string Peer { get; init; }
    public required string Twin { get; init; }

    /// <summary>Load before anything was started: above a few tenths, somebody else was using the machine.</summary>
    public string LoadBefore { get; } = File.ReadAllText("/proc/loadavg").Split(' ')[0];

    public int Scaled(int full) => Quick ? full / 100 : full;

    public bool Wants(string role) => Roles.Contains(role);
}

internal enum Engine
{
    Sqlite,
    PostgreSql,
}

internal static class Engines
{
    public static string Title(this Engine engine) => engine switch
    {
        Engine.Sqlite => "SQLite",
        Engine.PostgreSql => "PostgreSQL",
    };
}
