using System.Globalization;
using Laurel.Core.Showcases;
using Laurel.Core.Users;

namespace Laurel.Server.Pages;

/// <summary>Pages for everybody: a badge, a user's wall, an award. What was never there and what must not be told of answer alike.</summary>
internal static class PublicPages
{
    public const string HomePath = "/";

    public static string BadgePath(long badgeId) => Path($"/badges/{badgeId}");

    public static string WallPath(long userId, int page = 1) => page == 1 ? Path($"/users/{userId}") : Path($"/users/{userId}?page={page}");

    public static string AwardPath(long userId, long awardId) => Path($"/awards/{userId}/{awardId}");

    private static string Path(FormattableString path) => path.ToString(CultureInfo.InvariantCulture);

    /// <summary>What pages call a user: never an address of theirs, which a key may be.</summary>
    public static string ShownName(this User user) =>
        user.Draft.FullName is { Length: > 0 } name ? name : user.Draft.Username ?? user.Id.ToString(CultureInfo.InvariantCulture);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPage(HomePath, Home);
        routes.MapPage("/badges/{id}", Badge);
        routes.MapPage("/users/{id}", Wall);
        routes.MapPage("/awards/{userId}/{id}", Award);
    }

    private static ValueTask<PageAnswer> Home(PageCall call) =>
        call.Kept(HomePath, async () => await call.Render<Public.HomePage>(200) with { Caching = PageCaching.Public, IsUnlisted = true });

    private static ValueTask<PageAnswer> Badge(PageCall call)
    {
        if (!call.TryId("id", out var id))
        {
            return call.Message(404, "badge.unknown");
        }
        call.Path = BadgePath(id);
        return call.Kept(call.Core.Showcase.BadgeBasis, Make);

        async ValueTask<PageAnswer> Make()
        {
            if (await call.Core.Showcase.Badge(id) is not { } shown)
            {
                return await call.Message(404, "badge.unknown");
            }
            return shown.Badge.DeletedAt is not null
                ? await call.Message(410, "badge.gone")
                : await call.Render<Public.BadgePage>(200, ("Shown", shown)) with { Caching = PageCaching.Public, IsUnlisted = shown.IsMasked };
        }
    }

    private static async ValueTask<PageAnswer> Wall(PageCall call)
    {
        if (!call.TryId("id", out var id) || await call.Core.Showcase.Find(id) is not { } user)
        {
            return await call.Message(404, "user.unknown");
        }
        var page = call.PageNumber;
        call.Path = WallPath(id, page);
        return await call.Kept(call.Core.Showcase.BasisOf(user), () => call.Core.Showcase.Wall(user), async wall => page > Public.WallPage.PagesOf(wall)
            ? await call.Message(404, "user.unknown")
            : Shared(await call.Render<Public.WallPage>(200, ("Wall", wall), ("Page", page)), user));
    }

    private static async ValueTask<PageAnswer> Award(PageCall call)
    {
        if (!call.TryId("userId", out var userId) || !call.TryId("id", out var id) || await call.Core.Showcase.Find(userId) is not { } user)
        {
            return await call.Message(404, "award.unknown");
        }
        call.Path = AwardPath(userId, id);
        return await call.Kept(call.Core.Showcase.BasisOf(user), async () => await call.Core.Showcase.Award(user, id) switch
        {
            null => await call.Message(404, "award.unknown"),
            ShownAward.TakenBack => await call.Message(410, "award.gone"),
            ShownAward.Standing award => Shared(await call.Render<Public.AwardPage>(200, ("Award", award)), user),
            _ => throw new InvalidOperationException("An award stands or does not."),
        });
    }

    // Whoever keeps the page of somebody who shows it to those with its address keeps it for them alone.
    private static PageAnswer Shared(PageAnswer page, User user) => user.Draft.Privacy == Privacy.Public
        ? page with { Caching = PageCaching.Public }
        : page with { Caching = PageCaching.Private, IsUnlisted = true };
}
