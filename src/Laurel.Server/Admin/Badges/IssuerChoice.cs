using System.Globalization;
using Laurel.Core.Issuers;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Which issuers a field offers.</summary>
internal static class IssuerChoice
{
    // More are no choice but a search: then the id is asked for.
    private const int Most = 200;

    /// <summary>Those that the user may give a badge to.</summary>
    public static async ValueTask<IReadOnlyList<Issuer>?> Managed(AdminCall call) => call.User.Role == AdminRole.Manager ? call.User.Managed : await All(call);

    /// <summary>All; null where they are too many.</summary>
    public static async ValueTask<IReadOnlyList<Issuer>?> All(AdminCall call) =>
        await call.Core.Issuers.List(0, Most + 1) is { Count: <= Most } all ? all : null;

    public static IReadOnlyList<(string Value, string Text)> Options(IReadOnlyList<Issuer> issuers) =>
        [.. issuers.Select(issuer => (issuer.Id.ToString(CultureInfo.InvariantCulture), PlainText.Isolated(issuer.Name, 80)))];
}
