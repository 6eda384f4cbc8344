using System.Diagnostics;
using Npgsql;

namespace Laurel.Tests.Harness;

/// <summary>A primary and two standbys, one of which has to confirm every commit. What a cluster manager does at a failover is done here
/// by hand: the standby that has received the most is promoted, and the other follows it.</summary>
internal sealed class PostgresTrio : IAsyncDisposable
{
    private static readonly string[] Names = ["a", "b", "c"];
    private readonly PrivatePostgres[] _servers;
    private readonly List<int> _frozen = [];
    private int _primary;

    private PostgresTrio(PrivatePostgres[] servers) => _servers = servers;

    public PrivatePostgres Primary => _servers[_primary];

    private IEnumerable<int> Standbys => Enumerable.Range(0, _servers.Length).Where(server => server != _primary && server != Lost);

    private int? Lost { get; set; }

    public static async Task<PostgresTrio> Start()
    {
        Requirement.Need(PrivatePostgres.Missing);
        // Whoever is stopped for a minute is not to be given up.
        string[] settings = ["wal_sender_timeout=0", "wal_receiver_timeout=0", "wal_retrieve_retry_interval=200ms"];
        var first = await PrivatePostgres.StartNew(settings: settings);
        var trio = new PostgresTrio([first, await first.StartStandby(Names[1], settings), await first.StartStandby(Names[2], settings)]);
        foreach (var server in trio._servers)
        {
            // The same everywhere: it holds for whoever is primary.
            await server.Set("synchronous_standby_names", $"ANY 1 ({string.Join(", ", Names)})");
        }
        return trio;
    }

    /// <summary>A new database on all three, by a string that leads to whichever is primary.</summary>
    public async Task<string> CreateDatabase() => new NpgsqlConnectionStringBuilder(await Primary.CreateDatabase())
    {
        Host = string.Join(',', _servers.Select(server => $"127.0.0.1:{server.Port}")),
        TargetSessionAttributes = "primary",
        Timeout = 5,
        CommandTimeout = 15,
    }.ConnectionString;

    /// <summary>Kills the primary, as <c>pg_ctl stop -m immediate</c> does.</summary>
    public void Lose()
    {
        Lost = _primary;
        Primary.Crash();
    }

    /// <summary>Promotes the standby that has received the most; done when it takes writes.</summary>
    public async Task Promote()
    {
        var received = new Dictionary<int, NpgsqlTypes.NpgsqlLogSequenceNumber>();
        foreach (var standby in Standbys)
        {
            received[standby] = await _servers[standby].Ask<NpgsqlTypes.NpgsqlLogSequenceNumber>(
                "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())");
        }
        _primary = received.MaxBy(each => each.Value).Key;
        if (!await Primary.Ask<bool>("SELECT pg_promote(true, 60)"))
        {
            throw new InvalidOperationException("The standby was not promoted.");
        }
        foreach (var standby in Standbys)
        {
            await _servers[standby].Set("primary_conninfo", Primary.FollowedAs(Names[standby]));
        }
    }

    /// <summary>The standbys take in nothing more, and do not end either.</summary>
    public async Task FreezeStandbys()
    {
        foreach (var standby in Standbys)
        {
            var receiver = await _servers[standby].Ask<int>("SELECT pid FROM pg_stat_wal_receiver");
            Tool.Send(Signal.Stop, receiver);
            _frozen.Add(receiver);
        }
    }

    /// <summary>They come back without what was on its way to them: their receivers are killed, and they recover.</summary>
    public async Task ReviveStandbys()
    {
        _frozen.ForEach(receiver => Tool.Send(Signal.Kill, receiver));
        foreach (var standby in Standbys)
        {
            for (var waited = Stopwatch.StartNew(); !await Answers(standby);)
            {
                if (waited.Elapsed > TimeSpan.FromMinutes(2))
                {
                    throw new TimeoutException("The standby does not come back.");
                }
                await Task.Delay(50);
            }
        }
    }

    // Those that were frozen are gone, and it takes questions.
    private async Task<bool> Answers(int standby)
    {
        try
        {
            return !_frozen.Exists(receiver => Tool.StartedAt(receiver) is not null) && await _servers[standby].Ask<bool>("SELECT pg_is_in_recovery()");
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _frozen.ForEach(receiver => Tool.Send(Signal.Kill, receiver));
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }
}
