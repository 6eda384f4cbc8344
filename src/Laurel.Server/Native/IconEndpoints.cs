using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Core.Images;
using Laurel.Server.Media;

namespace Laurel.Server.Native;

/// <summary>Badges' icons: an uploaded image, or the one that this server draws. Read with any key, written by who may write the
/// badge.</summary>
internal static class IconEndpoints
{
    public static void MapIcons(this IEndpointRouteBuilder native)
    {
        native.Get("/badges/{id}/icon", Get);
        native.Put("/badges/{id}/icon", Put);
        native.Delete("/badges/{id}/icon", Remove);
    }

    private static async Task<NativeAnswer> Get(NativeCall call) => await call.Core.Badges.Find(call.Id()) is { } badge
        ? NativeAnswer.Ok(await Told(call, badge), NativeJson.Strict.IconJson)
        : NativeProblem.NotFound(RefusalCode.UnknownBadge, "No badge has this id.");

    /// <summary>The body is the image itself; what its header calls it is not looked at.</summary>
    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var outcome = await call.Core.Icons.Put(id, await call.Bytes(), call.CreateOnly, call.Caller);
        if (!outcome.Succeeded(out var put, out var refusal) || await call.Core.Badges.Find(id) is not { } badge)
        {
            return Refused(refusal ?? new Refusal(RefusalCode.UnknownBadge, "No badge has this id."));
        }
        return NativeAnswer.Stored(put.Created, await Told(call, badge), NativeJson.Strict.IconJson);
    }

    private static async Task<NativeAnswer> Remove(NativeCall call) =>
        await call.Core.Icons.Remove(call.Id(), call.Caller) is { } refusal ? Refused(refusal) : NativeAnswer.NoContent;

    // The badge is what the path names.
    private static NativeAnswer Refused(Refusal refusal) =>
        refusal.Code == RefusalCode.UnknownBadge ? NativeProblem.NotFound(refusal.Code, refusal.Message) : NativeProblem.Of(refusal);

    private static async ValueTask<IconJson> Told(NativeCall call, Badge badge)
    {
        var isMasked = badge.HiddenUntilClaimed && !ReferenceEquals(await call.Core.Badges.AsSeenBy(badge, call.Caller), badge);
        var uploaded = !isMasked && badge.IconHash is { } hash ? await call.Core.Icons.Find(hash) : null;
        return uploaded is null
            ? new IconJson(IconPaths.Drawn(badge.Id, isMasked), DrawnIcon.MediaType, null, null, IsUploaded: false)
            : new IconJson(IconPaths.Of(uploaded), uploaded.Info.Format.MediaType(), uploaded.Info.Width, uploaded.Info.Height, IsUploaded: true);
    }
}

/// <summary>Where a badge's icon is served, and what it is. Sizes in pixels, of uploaded ones.</summary>
internal sealed record IconJson(string Path, string MediaType, int? Width, int? Height, bool IsUploaded);
