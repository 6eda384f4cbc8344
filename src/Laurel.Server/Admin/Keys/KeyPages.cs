using System.Globalization;
using System.Security.Cryptography;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Keys, and sessions, which are listed and ended in the same way.</summary>
internal static class KeyPages
{
    public const string Path = AdminRoutes.Root + "/keys";
    public const string NewPath = Path + "/new";

    private const int PerPage = 50;
    private const int OnceLength = 16;

    public static string PathOf(long id) => FormattableString.Invariant($"{Path}/{id}");

    public static string RevokePathOf(long id) => $"{PathOf(id)}/revoke";

    /// <summary>The list of one user's.</summary>
    public static string ListPathOf(long userId) => FormattableString.Invariant($"{Path}?user={userId}");

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapAdminPage("/keys", AdminRole.Manager, List);
        routes.MapAdminPage("/keys/new", AdminRole.Manager, call => NewPage(call, NewOnce()));
        routes.MapAdminForm("/keys/new", AdminRole.Manager, Create);
        routes.MapAdminPage("/keys/{id}", AdminRole.Manager, Show);
        routes.MapAdminForm("/keys/{id}/revoke", AdminRole.Manager, Revoke);
    }

    private static async ValueTask<PageAnswer> List(AdminCall call)
    {
        if (!KeyRing.Listable(call.QueryId("user"), call.Caller).Succeeded(out var userId, out _))
        {
            return await call.Forbidden();
        }
        var after = call.QueryId("after") ?? 0;
        var keys = await call.Core.Keys.List(userId, after, PerPage + 1);
        var first = userId is { } whose ? ListPathOf(whose) : Path;
        return await call.Page<Keys.KeyListPage>(
            ("Keys", keys.Take(PerPage).ToList()), ("UserId", userId),
            ("First", after == 0 ? null : first),
            ("Next", keys.Count > PerPage ? FormattableString.Invariant($"{first}{(userId is null ? '?' : '&')}after={keys[PerPage - 1].Id}") : null));
    }

    private static string NewOnce() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(OnceLength));

    private static ValueTask<PageAnswer> NewPage(AdminCall call, string once) => call.Page<Keys.NewKeyPage>(("Once", once));

    private static async ValueTask<PageAnswer> Create(AdminCall call)
    {
        var (draft, once) = (Draft(call), call.Form["once"]);
        if (once.Length == 0)
        {
            call.Form.Wrong(AdminForm.Whole, call.Reader["admin.form.stale"]);
            return await NewPage(call, NewOnce());
        }
        if (call.Form.HasErrors)
        {
            return await NewPage(call, once);
        }
        // The answer holds the secret, so a reader who loads it again sends the form again: that must not make a second key unasked.
        var (state, hash, _) = await call.Core.Idempotency.Begin($"{call.Caller.UserId} administration keys", once, ReadOnlyMemory<byte>.Empty);
        if (state != IdempotencyState.Begun)
        {
            call.Form.Wrong(AdminForm.Whole, call.Reader["admin.keys.once"]);
            return await NewPage(call, NewOnce());
        }
        NewKey? key;
        try
        {
            if (!(await call.Core.Keys.Create(draft, call.Caller)).Succeeded(out key, out var refusal))
            {
                await call.Core.Idempotency.Abandon(hash);
                call.Refused(refusal);
                return await NewPage(call, once);
            }
        }
        catch
        {
            await call.Core.Idempotency.Abandon(hash);
            throw;
        }
        await call.Core.Idempotency.Complete(hash, new StoredAnswer(StatusCodes.Status200OK, null, []));
        return await call.Page<Keys.MadeKeyPage>(("Made", key));
    }

    private static KeyDraft Draft(AdminCall call)
    {
        var form = call.Form;
        var scopes = form.All("scopes");
        return new KeyDraft(
            call.User.Role == AdminRole.Administrator ? form.Id("userId", call) : call.Caller.UserId,
            scopes.Count == 0 ? null : scopes,
            Until(call, "expiresAt"),
            form.IsChecked("administrator"));
    }

    // Good until the day is over, in UTC.
    private static long? Until(AdminCall call, string name)
    {
        if (call.Form.Text(name) is not { } text)
        {
            return null;
        }
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue)
        {
            return Clock.FromTime(new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero));
        }
        call.Form.Wrong(name, call.Reader["admin.keys.day"]);
        return null;
    }

    private static async ValueTask<PageAnswer> Show(AdminCall call)
    {
        if (!call.TryId("id", out var id))
        {
            return await call.NotFound();
        }
        return (await call.Core.Keys.Find(id, call.Caller)).Succeeded(out var key, out var refusal)
            ? await call.Page<Keys.KeyPage>(("Key", key))
            : refusal.Code == RefusalCode.UnknownKey ? await call.NotFound() : await call.Forbidden();
    }

    private static async ValueTask<PageAnswer> Revoke(AdminCall call)
    {
        if (!call.TryId("id", out var id))
        {
            return await call.NotFound();
        }
        return (await call.Core.Keys.Revoke(id, call.Caller)).Succeeded(out _, out var refusal)
            ? AdminCall.Done(PathOf(id), "keyRevoked")
            : refusal.Code == RefusalCode.UnknownKey ? await call.NotFound() : await call.Forbidden();
    }
}
