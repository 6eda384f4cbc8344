using System.Globalization;
using Laurel.Core.Badges;

namespace Laurel.Server.Media;

/// <summary>Where this server serves badges' icons.</summary>
internal static class IconPaths
{
    public const string Root = "/media/images";

    /// <summary>What stands for every badge that is masked: it betrays nothing.</summary>
    public const string Hidden = $"{Root}/hidden.svg";

    /// <summary>The path of a badge's icon, from the root of this server.</summary>
    public static string Of(Badge badge, bool masked) =>
        masked ? Hidden : string.Create(CultureInfo.InvariantCulture, $"{Root}/badge-{badge.Id}.svg");
}
