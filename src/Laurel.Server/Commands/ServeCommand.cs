using System.CommandLine;
using System.Net;
using Laurel.Core;

namespace Laurel.Server.Commands;

/// <summary><c>laurel serve</c>: settings into <see cref="ServerOptions"/>.</summary>
internal static class ServeCommand
{
    internal static readonly Option<string?> Urls = new("--urls")
    {
        Description = "Where to listen; several with ';'. Default: http://127.0.0.1:8080. [LAUREL_URLS, ASPNETCORE_URLS]",
        HelpName = "url",
    };

    private static readonly Option<bool> OpenDialects = new("--open-dialects")
    {
        Description = "Serve what the original APIs left without authentication, to this machine. [LAUREL_OPEN_DIALECTS]",
    };

    private static readonly Option<string[]> OpenNetworks = new("--open-networks")
    {
        Description = "Networks whose peers may use open dialects too, as 10.0.0.0/8,fd00::/8. [LAUREL_OPEN_NETWORKS]",
        HelpName = "networks",
    };

    private static readonly Option<string[]> AllowedHosts = new("--allowed-hosts")
    {
        Description = "Host names, besides this machine's own, under which open dialects are served. [LAUREL_ALLOWED_HOSTS]",
        HelpName = "names",
    };

    private static readonly Option<bool> AllowPlainBasic = new("--allow-plain-basic")
    {
        Description = "Take passwords (HTTP Basic) over plain HTTP from other machines too, as behind a proxy that speaks HTTPS. "
            + "[LAUREL_ALLOW_PLAIN_BASIC]",
    };

    private static readonly Option<string?> PublicUrl = new("--public-url")
    {
        Description = "Under which address others reach this server. Default: as each request says. [LAUREL_PUBLIC_URL]",
        HelpName = "url",
    };

    private static readonly Option<string[]> AnswerHubIssuers = IssuersOf("answerhub", "ANSWERHUB");

    private static readonly Option<string[]> KarazIssuers = IssuersOf("karaz", "KARAZ");

    private static readonly Option<string[]> AISquareIssuers = IssuersOf("aisquare", "AISQUARE");

    private static Option<string[]> IssuersOf(string dialect, string variable) => new($"--{dialect}-issuers")
    {
        Description = $"Ids of the issuers that this API speaks for. Default: all but Perfumer's collections. [LAUREL_{variable}_ISSUERS]",
        HelpName = "ids",
    };

    private static readonly Option<string[]> PerfumerOrigins = new("--perfumer-origins")
    {
        Description = "Origins whose pages may call Perfumer's API from a browser, as https://example.com. [LAUREL_PERFUMER_ORIGINS]",
        HelpName = "origins",
    };

    private static readonly Option<string?> ModerationFile = new("--moderation-file")
    {
        Description = "Words that texts may not hold, one a line, instead of the built-in list. [LAUREL_MODERATION_FILE]",
        HelpName = "file",
    };

    private static readonly Option<string?> Log = new("--log")
    {
        Description = "How to log; --json is --log json. Default: text. [LAUREL_LOG]",
        HelpName = "text|json",
    };

    private static readonly Option<int?> MaximumConnections = new("--maximum-connections")
    {
        Description = "Connections at once. Default: 10000. [LAUREL_MAXIMUM_CONNECTIONS]",
        HelpName = "number",
    };

    private static readonly Option<int?> MaximumSubscribers = new("--maximum-subscribers")
    {
        Description = "Subscribers to the live stream at once. Default: 1000. [LAUREL_MAXIMUM_SUBSCRIBERS]",
        HelpName = "number",
    };

    private static readonly Option<int?> RequestsPerSecond = new("--requests-per-second")
    {
        Description = "Requests a second from one address; more get 429. Default: 0, no limit. [LAUREL_REQUESTS_PER_SECOND]",
        HelpName = "number",
    };

    private const string AdministratorKey = "AdminKey";

    private const string FrameworkUrls = "ASPNETCORE_URLS";

    private static readonly Option[] Own =
    [
        Urls, OpenDialects, OpenNetworks, AllowedHosts, AllowPlainBasic, PublicUrl, AnswerHubIssuers, KarazIssuers, AISquareIssuers,
        PerfumerOrigins, ModerationFile, CommonOptions.ActionLateness, CommonOptions.ActionRetention, Log, MaximumConnections, MaximumSubscribers,
        RequestsPerSecond, CommonOptions.Partitions, CommonOptions.Synchronous,
    ];

    public static Command Make()
    {
        var serve = new Command("serve", "Serve until told to stop.");
        foreach (var option in Own)
        {
            serve.Add(option);
        }
        serve.SetAction((line, ct) => ServerHost.Run(Options(line, Settings.Read()), ct));
        return serve;
    }

    /// <exception cref="UsageException">A setting is not what it must be.</exception>
    internal static ServerOptions Options(ParseResult line, Settings settings)
    {
        var defaults = new ServerOptions();
        return new ServerOptions
        {
            Urls = CheckedUrls(settings.Text(line, Urls) ?? Environment.GetEnvironmentVariable(FrameworkUrls) ?? defaults.Urls),
            Database = settings.Connection(line),
            AdministratorKey = settings.Text(AdministratorKey),
            OpenDialects = settings.Flag(line, OpenDialects),
            OpenNetworks = [.. settings.List(line, OpenNetworks).Select(Network)],
            AllowedHosts = settings.List(line, AllowedHosts),
            AllowPlainBasic = settings.Flag(line, AllowPlainBasic),
            PublicUrl = settings.Text(line, PublicUrl) is { } url ? PublicAddress(url) : null,
            AnswerHubIssuers = Ids(settings.List(line, AnswerHubIssuers)),
            KarazIssuers = Ids(settings.List(line, KarazIssuers)),
            AISquareIssuers = Ids(settings.List(line, AISquareIssuers)),
            PerfumerOrigins = [.. settings.List(line, PerfumerOrigins).Select(Origin)],
            ModerationFile = ExistingFile(settings.Text(line, ModerationFile)),
            ActionLateness = settings.Time(line, CommonOptions.ActionLateness) ?? defaults.ActionLateness,
            ActionRetention = settings.Time(line, CommonOptions.ActionRetention) ?? defaults.ActionRetention,
            JsonLogs = IsJson(settings.Text(line, Log), line.GetValue(CommonOptions.Json)),
            Partitions = settings.Number(line, CommonOptions.Partitions) ?? defaults.Partitions,
            Synchronous = settings.SynchronousMode(line),
            MaximumConnections = settings.Number(line, MaximumConnections) ?? defaults.MaximumConnections,
            MaximumSubscribers = settings.Number(line, MaximumSubscribers) ?? defaults.MaximumSubscribers,
            RequestsPerSecond = settings.Number(line, RequestsPerSecond) ?? defaults.RequestsPerSecond,
            Sources = Sources(line, settings),
        };
    }

    private static Dictionary<string, SettingSource> Sources(ParseResult line, Settings settings)
    {
        var sources = settings.Sources(line, [.. Own, CommonOptions.Database]);
        if (settings.Source(AdministratorKey) is { } source)
        {
            sources[AdministratorKey] = source;
        }
        if (Environment.GetEnvironmentVariable(FrameworkUrls) is not null)
        {
            sources.TryAdd("Urls", SettingSource.Environment);
        }
        if (line.GetValue(CommonOptions.Json))
        {
            sources.TryAdd("Log", SettingSource.CommandLine);
        }
        return sources;
    }

    private static string CheckedUrls(string urls) =>
        urls.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } each
        && each.All(url => url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            ? urls
            : throw new UsageException("--urls begin with http:// or https://.");

    private static IPNetwork Network(string text) =>
        IPNetwork.TryParse(text, out var network) ? network : throw new UsageException($"{text} is not a network, like 10.0.0.0/8.");

    private static Uri PublicAddress(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address is { AbsolutePath: "/", Query: "", Fragment: "" }
            ? address
            : throw new UsageException("--public-url is a scheme and a host, like https://badges.example.com.");

    // As browsers write it.
    private static string Origin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin) && origin.Scheme is "http" or "https"
            && origin is { AbsolutePath: "/", Query: "", Fragment: "", UserInfo: "" } && !text.Contains('*')
            ? origin.GetLeftPart(UriPartial.Authority)
            : throw new UsageException($"{text} is not an origin, like https://example.com.");

    private static IReadOnlyList<long> Ids(IReadOnlyList<string> texts) =>
        [.. texts.Select(text => TextRules.TryCanonicalId(text, out var id) ? id : throw new UsageException($"{text} is not the id of an issuer."))];

    private static string? ExistingFile(string? file) =>
        file is null || File.Exists(file) ? file : throw new UsageException($"The moderation file {file} is not there.");

    private static bool IsJson(string? log, bool json) => log switch
    {
        null => json,
        "json" => true,
        "text" => false,
        _ => throw new UsageException("--log is text or json."),
    };
}
