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

    /// <summary>The same for those who take no SVG.</summary>
    public const string HiddenPreview = $"{Root}/{HiddenPreviewName}";

    public const string HiddenPreviewName = "hidden.png";

    private const string DrawnPrefix = "badge-";
    private const string DrawnSuffix = ".svg";
    private const string PreviewSuffix = ".png";

    /// <summary>The path of a badge's icon, from the root of this server.</summary>
    public static string Of(Badge badge, bool masked) =>
        !masked && badge is { IconHash: { } hash, IconFormat: { } format } ? Uploaded(hash, format) : Drawn(badge.Id, masked);

    /// <summary>The path of an uploaded image.</summary>
    public static string Of(Icon icon) => Uploaded(icon.Hash, icon.Info.Format);

    /// <summary>The path of the icon that is drawn for a badge.</summary>
    public static string Drawn(long badgeId, bool masked) =>
        masked ? Hidden : string.Create(CultureInfo.InvariantCulture, $"{Root}/{DrawnPrefix}{badgeId}{DrawnSuffix}");

    /// <summary>The path of a badge's icon for those who take no SVG: crawlers that preview a page.</summary>
    public static string Preview(Badge badge, bool masked) =>
        masked ? HiddenPreview
        : badge is { IconHash: { } hash, IconFormat: { } format } ? Uploaded(hash, format)
        : string.Create(CultureInfo.InvariantCulture, $"{Root}/{DrawnPrefix}{badge.Id}{PreviewSuffix}");

    /// <summary>Whether the name is that of a drawn icon, and whose.</summary>
    public static bool IsDrawn(string name, out long badgeId) => IsOfBadge(name, DrawnSuffix, out badgeId);

    /// <summary>Whether the name is that of a drawn icon for those who take no SVG, and whose.</summary>
    public static bool IsPreview(string name, out long badgeId) => IsOfBadge(name, PreviewSuffix, out badgeId);

    private static bool IsOfBadge(string name, string suffix, out long badgeId)
    {
        badgeId = 0;
        return name.StartsWith(DrawnPrefix, StringComparison.Ordinal) && name.EndsWith(suffix, StringComparison.Ordinal)
            && name.Length > DrawnPrefix.Length + suffix.Length
            && Core.TextRules.TryCanonicalId(name[DrawnPrefix.Length..^suffix.Length], out badgeId)
            && Core.Storage.IdRange.IsValid(badgeId);
    }

    private static string Uploaded(string hash, ImageFormat format) => $"{Root}/{hash}.{format.Extension()}";
}
