using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Pages;
using Microsoft.AspNetCore.Components;

namespace Laurel.Server.Admin;

/// <summary>One request of somebody who signed in.</summary>
public sealed class AdminCall : PageCall
{
    private readonly AdminServices _services;

    internal AdminCall(HttpContext http, AdminServices services, AdminUser user, AdminForm form) : base(http, services.Pages) =>
        (_services, User, Form) = (services, user, form);

    public AdminUser User { get; }

    public Caller Caller => User.Caller;

    /// <summary>What was sent, and what is wrong with it.</summary>
    public AdminForm Form { get; }

    internal ServerOptions Options => _services.Options;

    /// <summary>What each form carries, bound to this session.</summary>
    public string Token => _services.Forms.GetAndStoreTokens(Http).RequestToken!;

    /// <summary>What was done just now, from <see cref="Done"/>; null for nothing.</summary>
    public string? News => Http.Request.Query["done"].ToString() is { Length: > 0 and < 40 } name && Reader.Language.Keys.Contains($"admin.done.{name}")
        ? Reader[$"admin.done.{name}"]
        : null;

    /// <summary>A parameter of the query; null where it is empty.</summary>
    public string? Query(string name) => Http.Request.Query[name].ToString().Trim() is { Length: > 0 } text ? text : null;

    /// <summary>An id in the query; null where there is none.</summary>
    public long? QueryId(string name) => TextRules.TryCanonicalId(Query(name), out var id) ? id : null;

    /// <summary>A page of the administration.</summary>
    internal async ValueTask<PageAnswer> Page<TComponent>(params (string Name, object? Value)[] parameters) where TComponent : IComponent =>
        await Render<TComponent>(Form.HasErrors ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status200OK, parameters) with
        {
            Policy = PagePolicy.Admin,
            IsUnlisted = true,
        };

    /// <summary>Goes on to a page, which says what was done: the text <c>admin.done.{name}</c>.</summary>
    internal static PageAnswer Done(string path, string name) => PageAnswer.To($"{path}{(path.Contains('?') ? '&' : '?')}done={name}");

    /// <summary>Takes a refusal of the core as an error of the form.</summary>
    /// <param name="fields">The form's fields whose names differ from the core's, by the core's.</param>
    internal void Refused(Refusal refusal, IReadOnlyDictionary<string, string>? fields = null)
    {
        var field = refusal.Field is null ? AdminForm.Whole : fields?.GetValueOrDefault(refusal.Field) ?? refusal.Field;
        Form.Wrong(field, AdminRefusals.Say(Reader, refusal));
    }

    internal ValueTask<PageAnswer> NotFound() => Message(StatusCodes.Status404NotFound, "message.404.text");

    internal ValueTask<PageAnswer> Forbidden() => Message(StatusCodes.Status403Forbidden, "admin.forbidden");
}
