using System.Net;

namespace Laurel.Server;

/// <summary>How to serve. Everything has a safe default: loopback, nothing open, durable.</summary>
public sealed record ServerOptions
{
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>SQLite (<c>Data Source=…</c>) or PostgreSQL (<c>Host=…</c>).</summary>
    public string Database { get; init; } = "Data Source=laurel.db";

    /// <summary>The first administrator's key; null for none.</summary>
    public string? AdministratorKey { get; init; }

    /// <summary>Serves what the original APIs left without authentication, to loopback peers.</summary>
    public bool OpenDialects { get; init; }

    /// <summary>Networks whose peers count like loopback for open calls: the operator's word that they may.</summary>
    public IReadOnlyList<IPNetwork> OpenNetworks { get; init; } = [];

    /// <summary>Host names, besides loopback's own, under which open calls are served.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Takes passwords (HTTP Basic) over plain HTTP from other machines too: the operator's word that a proxy in between
    /// speaks HTTPS, or that the network is trusted.</summary>
    public bool AllowPlainBasic { get; init; }

    /// <summary>Under which scheme and host others reach this server, for absolute addresses in answers; null: as the request says.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>The issuers that AnswerHub's calls speak for; none named: all but Perfumer's collections.</summary>
    public IReadOnlyList<long> AnswerHubIssuers { get; init; } = [];

    /// <summary>The same for Karaz.</summary>
    public IReadOnlyList<long> KarazIssuers { get; init; } = [];

    /// <summary>The same for AISquare.</summary>
    public IReadOnlyList<long> AISquareIssuers { get; init; } = [];

    /// <summary>Origins (<c>https://example.com</c>) whose pages may read Perfumer's answers in a browser; none named: no other's.</summary>
    public IReadOnlyList<string> PerfumerOrigins { get; init; } = [];

    public string? ModerationFile { get; init; }

    /// <summary>How late an action may come and still count for rules.</summary>
    public TimeSpan ActionLateness { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long actions are kept: at least 30 days and three times <see cref="ActionLateness"/>.</summary>
    public TimeSpan ActionRetention { get; init; } = TimeSpan.FromDays(400);

    /// <summary>Logs one JSON object a line.</summary>
    public bool JsonLogs { get; init; }

    /// <summary>PostgreSQL, at creation: the growing tables in this many hash partitions; 0 leaves them whole.</summary>
    public int Partitions { get; init; }

    /// <summary>SQLite's <c>synchronous</c>: for experiments only.</summary>
    public string Synchronous { get; init; } = "FULL";

    /// <summary>Connections at once.</summary>
    public int MaximumConnections { get; init; } = 10_000;

    /// <summary>Subscribers to the live stream at once, of those connections.</summary>
    public int MaximumSubscribers { get; init; } = Core.Live.LiveEvents.DefaultSubscribers;

    /// <summary>Requests a second from one address, beyond which it gets 429; 0 for no limit.</summary>
    public int RequestsPerSecond { get; init; }

    /// <summary>Where the settings come from that are not at their default, by their names in appsettings.json.</summary>
    public IReadOnlyDictionary<string, SettingSource> Sources { get; init; } = new Dictionary<string, SettingSource>();
}

/// <summary>Where a setting comes from, if somebody gives it.</summary>
public enum SettingSource
{
    CommandLine,

    /// <summary>A variable.</summary>
    Environment,

    /// <summary>appsettings.json.</summary>
    File,
}
