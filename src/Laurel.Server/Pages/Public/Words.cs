using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Microsoft.AspNetCore.Components;

namespace Laurel.Server.Pages;

/// <summary>What a badge is, in words.</summary>
internal static class Words
{
    public static string Rarity(Reader reader, Rarity rarity) => rarity switch
    {
        Core.Badges.Rarity.Common => reader["rarity.common"],
        Core.Badges.Rarity.Rare => reader["rarity.rare"],
        Core.Badges.Rarity.Epic => reader["rarity.epic"],
        Core.Badges.Rarity.Legendary => reader["rarity.legendary"],
    };

    public static string? Level(Reader reader, BadgeLevel level) => level switch
    {
        BadgeLevel.None => null,
        BadgeLevel.Bronze => reader["level.bronze"],
        BadgeLevel.Silver => reader["level.silver"],
        BadgeLevel.Gold => reader["level.gold"],
    };

    public static string Recurrence(Reader reader, Recurrence recurrence) => recurrence switch
    {
        Core.Awards.Recurrence.Once => reader["recurrence.once"],
        Core.Awards.Recurrence.PerSubject => reader["recurrence.perSubject"],
        Core.Awards.Recurrence.PerAction => reader["recurrence.perAction"],
        Core.Awards.Recurrence.Always => reader["recurrence.always"],
        Core.Awards.Recurrence.PerPeriod period => reader.Say("recurrence.perPeriod", Period(reader, period)),
        _ => throw new ArgumentOutOfRangeException(nameof(recurrence)),
    };

    /// <summary>The length of a period, as "2 weeks"; one is without its number.</summary>
    public static string Period(Reader reader, Recurrence.PerPeriod period) => period.Unit switch
    {
        PeriodUnit.Day => reader.Count("period.day", period.Every),
        PeriodUnit.Week => reader.Count("period.week", period.Every),
        PeriodUnit.Month => reader.Count("period.month", period.Every),
    };

    /// <summary>Things one after another, as "a, b".</summary>
    public static RenderFragment List(Reader reader, IReadOnlyList<RenderFragment> things) => builder =>
    {
        for (var i = 0; i < things.Count; i++)
        {
            builder.AddContent(0, i == 0 ? "" : reader["list.comma"]);
            builder.AddContent(1, things[i]);
        }
    };
}
