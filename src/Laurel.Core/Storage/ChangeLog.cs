namespace Laurel.Core.Storage;

/// <summary>What a row of the change log is about. Stored: numbers never change.</summary>
public enum ChangeKind
{
    Issuer = 1,
    Place = 2,
    Badge = 3,
    User = 4,
    Key = 5,
    ActionType = 6,
    SigningKey = 7,
    Rule = 8,
}

/// <summary>The log by which processes learn what others changed. Whoever writes the catalogue appends in the same transaction;
/// everyone polls several times a second and evicts by id.</summary>
public sealed class ChangeLog : IAsyncDisposable
{
    private const string NextRevision = "UPDATE counters SET next = next + 1 WHERE kind = 0 RETURNING next - 1";
    private const string Lock = "UPDATE counters SET next = next WHERE kind = 0";
    private const string Insert = "INSERT INTO changes (revision, kind, id, changed_at) VALUES ($1, $2, $3, $4)";
    private const string Since = "SELECT revision, kind, id FROM changes WHERE revision > $1 ORDER BY revision LIMIT 1000";
    private const string Newest = "SELECT coalesce(max(revision), 0) FROM changes";
    private const string Prune = "DELETE FROM changes WHERE changed_at < $1 AND revision < $2";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private long _read;
    private Task _polling = Task.CompletedTask;
    private long _lastRead;

    public ChangeLog(Database database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>Raised for every change, this process's own included, on no particular thread.</summary>
    public event Action<ChangeKind, long>? Changed;

    /// <summary>True while the log was read within the last second: only then may a cached credential be trusted.</summary>
    public bool IsFresh => System.Diagnostics.Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastRead)) < TimeSpan.FromSeconds(1);

    /// <summary>Begins a transaction on the catalogue: until it ends, nobody else's goes on. What it reads from now on stays true.</summary>
    public static async ValueTask Serialise(Session session) => await session.Prepare(Lock).Run();

    /// <summary>Appends inside the transaction that makes the change. The counter's row lock makes revisions appear in order.</summary>
    public async ValueTask Append(Session session, ChangeKind kind, long id)
    {
        var next = session.Prepare(NextRevision);
        await next.Read();
        var revision = next.Long(0);
        await next.Done();
        await session.Prepare(Insert).Set(1, revision).Set(2, (long)kind).Set(3, id).Set(4, _time.Micros()).Run();
    }

    /// <summary>Tells this process at once, after its own commit.</summary>
    public void Announce(ChangeKind kind, long id) => Changed?.Invoke(kind, id);

    public async Task Start()
    {
        _read = await _database.Read(async session =>
        {
            var newest = session.Prepare(Newest);
            await newest.Read();
            var revision = newest.Long(0);
            await newest.Done();
            return revision;
        });
        Interlocked.Exchange(ref _lastRead, System.Diagnostics.Stopwatch.GetTimestamp());
        _polling = Task.Run(Poll);
    }

    private async Task Poll()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                try
                {
                    await ReadOn();
                }
                catch (Exception failure) when (failure is not OperationCanceledException)
                {
                    // IsFresh turns false by itself; whatever it was, the next round tries again.
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ReadOn()
    {
        while (true)
        {
            var started = System.Diagnostics.Stopwatch.GetTimestamp();
            var changes = await _database.Poll(async session =>
            {
                var found = new List<(long Revision, ChangeKind Kind, long Id)>();
                var rows = session.Prepare(Since).Set(1, _read);
                while (await rows.Read())
                {
                    found.Add((rows.Long(0), (ChangeKind)rows.Long(1), rows.Long(2)));
                }
                return found;
            });
            foreach (var (revision, kind, id) in changes)
            {
                Changed?.Invoke(kind, id);
                _read = revision;
            }
            if (changes.Count < 1000)
            {
                Interlocked.Exchange(ref _lastRead, started);
                return;
            }
        }
    }

    /// <summary>Deletes what is older than a day: no process is that far behind.</summary>
    public Task Trim() => _database.Write(async session =>
    {
        await session.Prepare(Prune).Set(1, _time.Micros() - Clock.Day).Set(2, _read).Run();
    });

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _polling;
        _ending.Dispose();
    }
}
