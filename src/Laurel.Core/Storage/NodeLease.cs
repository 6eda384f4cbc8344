namespace Laurel.Core.Storage;

/// <summary>A leased slot: the number under which a writer of this process keeps its own tally rows and outbox. Slots are reused, lowest
/// first, so their number stays that of the writers that have run at once.</summary>
public sealed class NodeLease : IAsyncDisposable
{
    internal const long Length = 10 * Clock.Second;
    private const int MaximumSlots = 1024;

    private const string Rows = "SELECT slot, owner, leased_until AS LeasedUntil FROM nodes";

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly string _owner;
    private ITimer? _renewal;

    private NodeLease(Database database, TimeProvider time, string owner, short slot) =>
        (_database, _time, _owner, Slot) = (database, time, owner, slot);

    public short Slot { get; }

    /// <summary>Who holds it, as it is stored.</summary>
    internal string Holder => _owner;

    /// <summary>Takes the lowest slots that are free: never leased, run out, or left by a dead process of this machine.</summary>
    public static async Task<IReadOnlyList<NodeLease>> Take(Database database, int count, TimeProvider time)
    {
        var owner = Owner.Current.ToString();
        var slots = await database.Write(async session =>
        {
            await Serialise(session);
            var now = time.Micros();
            var taken = (await session.Query<Row>(Rows)).ToDictionary(row => (short)row.Slot);
            var free = Enumerable.Range(1, MaximumSlots).Select(slot => (short)slot)
                .Where(slot => !taken.TryGetValue(slot, out var row) || IsFree(row, now)).Take(count).ToList();
            if (free.Count < count)
            {
                throw new LeaseLostException($"All {MaximumSlots} node slots are leased.");
            }
            foreach (var slot in free)
            {
                await session.Execute("""
                    INSERT INTO nodes (slot, owner, leased_until, buffers, flushed, tallied, counts_outbox) VALUES (@slot, @owner, @until, 0, 0, 0, 1)
                    ON CONFLICT (slot) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until, counts_outbox = 1
                    """, new { slot, owner, until = now + Length });
            }
            return free;
        });
        return [.. slots.Select(slot => new NodeLease(database, time, owner, slot))];
    }

    private static bool IsFree(Row row, long now) => row.LeasedUntil < now || Owner.IsDead(row.Owner);

    // The counter's row serialises those who take at once. A cluster may show it free before the slot is seen as taken, and lets nobody write
    // to a reference table, be it to no row, until whoever wrote before is seen everywhere.
    private static async Task Serialise(Session session)
    {
        await session.Execute("UPDATE counters SET next = next WHERE kind = 0");
        await session.Execute("UPDATE nodes SET leased_until = leased_until WHERE slot = 0");
    }

    /// <summary>Whether a process runs on the database. None takes a slot before the transaction ends.</summary>
    internal static async Task<bool> IsAnyTaken(Session session, long now)
    {
        await Serialise(session);
        return (await session.Query<Row>(Rows)).Any(row => !IsFree(row, now));
    }

    /// <summary>Whether a process may still write under the slot of a database whose processes all run under one kernel. The lease
    /// decides only where the process cannot be looked for: clocks are set, and threads are held up.</summary>
    internal static bool IsLive(long leasedUntil, string owner, long now) =>
        leasedUntil != 0 && !Owner.IsDead(owner) && !Owner.IsOfAnotherBoot(owner)
        && (Owner.IsAlive(owner) || (leasedUntil >= now && leasedUntil <= now + (2 * Length)));

    /// <summary>Who holds a slot, for people.</summary>
    internal static string Describe(string owner) => owner.Split('|') is [var machine, _, var process, ..] ? $"process {process} on {machine}" : "a process";

    /// <summary>All slots, ascending.</summary>
    internal static ValueTask<IReadOnlyList<NodeSlot>> All(Database database, long now) => database.Read<IReadOnlyList<NodeSlot>>(async session =>
        [.. (await session.Query<Row>($"{Rows} ORDER BY slot"))
            .Select(row => new NodeSlot((short)row.Slot, Described(row.Owner), row.LeasedUntil, row.LeasedUntil != 0 && !IsFree(row, now)))]);

    private static (int Process, string Machine)? Described(string owner) =>
        owner.Split('|') is [var machine, _, var process, ..] && int.TryParse(process, out var id) ? (id, machine) : null;

    /// <summary>Renews in the background; <paramref name="lost"/> is called once if another process has taken the slot.</summary>
    public void KeepRenewed(Action<Exception> lost)
    {
        var every = TimeSpan.FromSeconds(3);
        _renewal = _time.CreateTimer(_ => _ = Renew(lost), null, every, every);
    }

    private async Task Renew(Action<Exception> lost)
    {
        try
        {
            if (!await Renew())
            {
                lost(new LeaseLostException($"Node slot {Slot} was taken by another process."));
            }
        }
        catch (StorageUnavailableException)
        {
            // Nothing can be written now, so nothing is written twice; the next round tries again.
        }
    }

    private async Task<bool> Renew() => await _database.Write(async session => await session.Execute(
        "UPDATE nodes SET leased_until = @until WHERE slot = @slot AND owner = @owner",
        new { until = _time.Micros() + Length, slot = Slot, owner = _owner })) == 1;

    public async ValueTask DisposeAsync()
    {
        if (_renewal is not null)
        {
            await _renewal.DisposeAsync();
        }
        try
        {
            await _database.Write(async session => await session.Execute(
                "UPDATE nodes SET leased_until = 0 WHERE slot = @slot AND owner = @owner", new { slot = Slot, owner = _owner }));
        }
        catch (StorageUnavailableException)
        {
            // The lease runs out by itself.
        }
    }

    private sealed class Row
    {
        public long Slot { get; init; }
        public string Owner { get; init; } = "";
        public long LeasedUntil { get; init; }
    }

    /// <summary>Machine, process and a number of its own: several databases may be open in one process.</summary>
    private readonly record struct Owner(string Machine, string Boot, int Process, long Started, long Number)
    {
        private static readonly string ThisBoot = ReadBoot();
        private static long _numbers;

        public static Owner Current =>
            new(Environment.MachineName, ThisBoot, Environment.ProcessId, StartOf(Environment.ProcessId) ?? 0, Interlocked.Increment(ref _numbers));

        public override string ToString() => $"{Machine}|{Boot}|{Process}|{Started}|{Number}";

        /// <summary>True only if it certainly is: the same machine and boot, and no such process.</summary>
        public static bool IsDead(string owner) => Runs(owner) == false;

        /// <summary>True only if it certainly is: the same machine and boot, and that very process.</summary>
        public static bool IsAlive(string owner) => Runs(owner) == true;

        /// <summary>The kernel it ran under is gone, or another.</summary>
        public static bool IsOfAnotherBoot(string owner)
        {
            var parts = owner.Split('|');
            return parts.Length == 5 && parts[1].Length > 0 && ThisBoot.Length > 0 && parts[1].Split('/')[0] != ThisBoot.Split('/')[0];
        }

        // Null: it cannot be known.
        private static bool? Runs(string owner)
        {
            var parts = owner.Split('|');
            if (parts.Length != 5 || parts[0] != Environment.MachineName || parts[1] != ThisBoot || ThisBoot.Length == 0
                || !int.TryParse(parts[2], out var id))
            {
                return null;
            }
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(id);
                // Another process may have the id by now. Who cannot read when it was started knows nothing.
                return process.HasExited ? false : StartOf(id) is { } started ? started.ToString() == parts[3] : null;
            }
            catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }

        // In ticks since boot, as the kernel says. Process.StartTime is an estimate that differs between those who ask.
        private static long? StartOf(int process)
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{process}/stat");
                // The 22nd field; the second is the program's name in parentheses and may hold spaces.
                return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
            }
            catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        // A container may share its machine's name with another; the boot id and namespace tell them apart.
        private static string ReadBoot()
        {
            try
            {
                return $"{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}/{new FileInfo("/proc/self/ns/pid").LinkTarget}";
            }
            catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }
}

/// <summary>A slot, and who holds it or held it last.</summary>
/// <param name="Holder">The process and its machine; null where that is not known.</param>
/// <param name="LeasedUntil">In microseconds since 1970 UTC; 0 once it was given back.</param>
/// <param name="IsLeased">Whether its holder may still be there.</param>
public sealed record NodeSlot(short Slot, (int Process, string Machine)? Holder, long LeasedUntil, bool IsLeased);

/// <summary>Another process writes under a node slot of this process's: this one must end.</summary>
public sealed class LeaseLostException(string message) : Exception(message);
