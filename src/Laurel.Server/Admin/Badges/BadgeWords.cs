using Laurel.Core.Badges;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What the administration says of a badge.</summary>
internal static class BadgeWords
{
    public static string State(Reader reader, BadgeState state) => state switch
    {
        BadgeState.Enabled => reader["admin.badges.enabled"],
        BadgeState.Disabled => reader["admin.badges.disabled"],
        BadgeState.Deleted => reader["admin.badges.deleted"],
    };

    /// <summary>The class of a label that says it.</summary>
    public static string StateClass(BadgeState state) => state == BadgeState.Enabled ? "state on" : "state off";

    /// <summary>As an address of a list names it.</summary>
    public static string Word(BadgeState state) => state switch
    {
        BadgeState.Enabled => "enabled",
        BadgeState.Disabled => "disabled",
        BadgeState.Deleted => "deleted",
    };

    public static BadgeState? StateOf(string? word) => Enum.GetValues<BadgeState>().Where(state => Word(state) == word).Select(state => (BadgeState?)state).FirstOrDefault();

    /// <summary>The share of those seen in the past day, where somebody was.</summary>
    public static string WinRate(Reader reader, double rate, long visitors) => visitors == 0 ? "–" : reader.Language.Percent(rate);
}
