namespace Laurel.Server.Admin;

/// <summary>A part of the administration, as it is listed beside every page.</summary>
/// <param name="Name">Its title is the text <c>admin.section.{name}</c>.</param>
/// <param name="Least">Whom it is for.</param>
internal sealed record AdminSection(string Name, string Path, AdminRole Least)
{
    public static readonly IReadOnlyList<AdminSection> All =
    [
        new("dashboard", "", AdminRole.Viewer),
        new("badges", "/badges", AdminRole.Viewer),
        new("rules", "/rules", AdminRole.Viewer),
        new("actions", "/actions", AdminRole.Viewer),
        new("awards", "/awards", AdminRole.Viewer),
        new("users", "/users", AdminRole.Viewer),
        new("issuers", "/issuers", AdminRole.Viewer),
        new("keys", "/keys", AdminRole.Manager),
        new("jobs", "/jobs", AdminRole.Viewer),
        new("settings", "/settings", AdminRole.Administrator),
        new("health", "/health", AdminRole.Viewer),
    ];
}
