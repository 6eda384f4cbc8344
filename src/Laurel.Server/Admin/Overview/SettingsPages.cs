using System.Globalization;
using Laurel.Core;
using Laurel.Core.Storage;

namespace Laurel.Server.Admin;

/// <summary>How this server is set up, and who said so. Read only: settings are given where the process is started.</summary>
internal static class SettingsPages
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapAdminPage("/settings", AdminRole.Administrator,
        call => call.Page<Overview.SettingsPage>(("Groups", Groups(call.Options))));

    private static IReadOnlyList<SettingGroup> Groups(ServerOptions options)
    {
        return
        [
            new("admin.settings.doors",
            [
                Of("urls", options.Urls),
                Of("public-url", options.PublicUrl?.GetLeftPart(UriPartial.Authority)),
                Of("allowed-hosts", options.AllowedHosts),
                Of("perfumer-origins", options.PerfumerOrigins),
                Of("open-dialects", options.OpenDialects),
                Of("open-networks", options.OpenNetworks),
                Of("allow-plain-basic", options.AllowPlainBasic),
                new ShownSetting("LAUREL_ADMIN_KEY", options.AdministratorKey is null ? null : "", Source("AdminKey"), IsSecret: true),
            ]),
            new("admin.settings.storage",
            [
                Of("database", new DatabaseOptions(options.Database).ShownConnection),
                Of("partitions", options.Partitions),
                Of("synchronous", options.Synchronous),
            ]),
            new("admin.settings.dialects",
            [
                Of("answerhub-issuers", options.AnswerHubIssuers),
                Of("karaz-issuers", options.KarazIssuers),
                Of("aisquare-issuers", options.AISquareIssuers),
                Of("moderation-file", options.ModerationFile),
            ]),
            new("admin.settings.actions",
            [
                Of("action-lateness", Duration.Format((long)options.ActionLateness.TotalMicroseconds)),
                Of("action-retention", Duration.Format((long)options.ActionRetention.TotalMicroseconds)),
            ]),
            new("admin.settings.limits",
            [
                Of("maximum-connections", options.MaximumConnections),
                Of("maximum-subscribers", options.MaximumSubscribers),
                Of("requests-per-second", options.RequestsPerSecond),
                Of("log", options.JsonLogs ? "json" : "text"),
            ]),
        ];

        ShownSetting Of(string option, object? value) => new($"--{option}", Text(value), Source(NameOf(option)));

        SettingSource? Source(string name) => options.Sources.TryGetValue(name, out var source) ? source : null;
    }

    // As it is written where it is given; null for none.
    private static string? Text(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        string text => text,
        System.Collections.IEnumerable many => string.Join(", ", many.Cast<object>()) is { Length: > 0 } text ? text : null,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null,
    };

    // open-dialects is OpenDialects.
    private static string NameOf(string option) =>
        string.Concat(option.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}

/// <summary>Settings that belong together.</summary>
/// <param name="Title">The name of its text.</param>
public sealed record SettingGroup(string Title, IReadOnlyList<ShownSetting> Settings);

/// <summary>A setting as it is in force.</summary>
/// <param name="Name">Its option, or its variable where it has none.</param>
/// <param name="Value">Null for none.</param>
/// <param name="Source">Null for the default.</param>
/// <param name="IsSecret">Only whether there is one is shown.</param>
public sealed record ShownSetting(string Name, string? Value, SettingSource? Source, bool IsSecret = false);
