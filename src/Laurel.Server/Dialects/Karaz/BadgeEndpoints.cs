using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>The two lists: all badges there are, and those the caller obtained. Contract: docs/dialects/karaz.md</summary>
internal sealed class BadgeEndpoints(LaurelCore core, BadgeViews views)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/Users/BadgesList", context => List(context, onlyObtained: false));
        routes.MapGet("/v2/Users/Badges", context => List(context, onlyObtained: true));
    }

    private async Task List(HttpContext context, bool onlyObtained)
    {
        var credential = Credential.Of(context.Request);
        // No cookie, no x-api-key: the original knows the header alone, and so whoever answers for it.
        if (credential.Kind != CredentialKind.Bearer || await credential.Verify(core.Keys) is not { } caller)
        {
            await KarazError.Unauthorized(context);
            return;
        }
        if (caller.UserId is not { } userId)
        {
            await KarazError.NoUser(context);
            return;
        }
        var days = new LocalDays(core.Time.Micros());
        var obtained = await core.UserAwards.Times(userId, views.Has);
        var items = await Items(obtained, onlyObtained ? [] : await views.Enabled(), days);
        await Mask(items, userId, caller);
        await BadgeList.Write(context, items, days);
    }

    // Both by id.
    private async ValueTask<List<BadgeItem>> Items(List<AwardTimes> obtained, IReadOnlyList<long> enabled, LocalDays days)
    {
        var items = new List<BadgeItem>(obtained.Count + enabled.Count);
        var next = 0;
        foreach (var id in enabled)
        {
            for (; next < obtained.Count && obtained[next].BadgeId < id; next++)
            {
                await Add(items, obtained[next].BadgeId, obtained[next], days);
            }
            var held = next < obtained.Count && obtained[next].BadgeId == id ? obtained[next++] : null;
            await Add(items, id, held, days);
        }
        for (; next < obtained.Count; next++)
        {
            await Add(items, obtained[next].BadgeId, obtained[next], days);
        }
        return items;
    }

    private async ValueTask Add(List<BadgeItem> items, long badgeId, AwardTimes? held, LocalDays days)
    {
        if (await views.Find(badgeId, days) is { } view)
        {
            items.Add(new BadgeItem(view, held));
        }
    }

    // What hides until it is claimed shows itself with the award that was claimed, and to managers.
    private async ValueTask Mask(List<BadgeItem> items, long userId, Caller caller)
    {
        List<long>? asked = null;
        foreach (var (view, held) in items)
        {
            if (view.Mask is not null && held is not null && !caller.SeesHidden(view.Issuer))
            {
                (asked ??= []).Add(held.FirstId);
            }
        }
        var claimed = asked is null ? null : await core.UserAwards.Claimed(userId, asked);
        for (var i = 0; i < items.Count; i++)
        {
            var (view, held) = items[i];
            if (view.Mask is { } mask && !caller.SeesHidden(view.Issuer) && (held is null || !claimed!.Contains(held.FirstId)))
            {
                items[i] = new BadgeItem(mask, held);
            }
        }
    }
}
