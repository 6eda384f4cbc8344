using System.Globalization;
using Laurel.Core.Badges;
using Laurel.Core.Images;

namespace Laurel.Server.Media;

/// <summary>Where this server serves badges' icons.</summary>
internal static class IconPaths
{
    public const string Root = "/media/images";

    /// <summary>What stands for every badge that is masked: it betrays nothing.</summary>
    public const string Hidden = $"{Root}/{HiddenName}";

    public const string HiddenName = "hidden.svg";

    private const string DrawnPrefix = "badge-";
    private const string DrawnSuffix = ".svg";

    /// <summary>The path of a badge's icon, from the root of this server.</summary>
    public static string Of(Badge badge, bool masked) =>
        !masked && badge is { IconHash: { } hash, IconFormat: { } format } ? Uploaded(hash, format) : Drawn(badge.Id, masked);

    /// <summary>The path of an uploaded image.</summary>
    public static string Of(Icon icon) => Uploaded(icon.Hash, icon.Info.Format);

    /// <summary>The path of the icon that is drawn for a badge.</summary>
    public static string Drawn(long badgeId, bool masked) =>
        masked ? Hidden : string.Create(CultureInfo.InvariantCulture, $"{Root}/{DrawnPrefix}{badgeId}{DrawnSuffix}");

    /// <summary>Whether the name is that of a drawn icon, and whose.</summary>
    public static bool IsDrawn(string name, out long badgeId)
    {
        badgeId = 0;
        return name.StartsWith(DrawnPrefix, StringComparison.Ordinal) && name.EndsWith(DrawnSuffix, StringComparison.Ordinal)
            && name.Length > DrawnPrefix.Length + DrawnSuffix.Length
            && Core.TextRules.TryCanonicalId(name[DrawnPrefix.Length..^DrawnSuffix.Length], out badgeId)
            && Core.Storage.IdRange.IsValid(badgeId);
    }

    private static string Uploaded(string hash, ImageFormat format) => $"{Root}/{hash}.{format.Extension()}";
}
