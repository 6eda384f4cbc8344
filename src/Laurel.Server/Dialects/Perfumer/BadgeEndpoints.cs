using System.Diagnostics.CodeAnalysis;
using Laurel.Core;
using Laurel.Core.Access;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>The four calls. A route's path matches with and without a slash behind it. Contract: docs/dialects/perfumer.md</summary>
internal sealed class BadgeEndpoints(LaurelCore core, PerfumerAccess access)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/badge", context => Answer(context, Post));
        routes.MapGet("/badges", context => Answer(context, List));
        routes.MapDelete("/badges", context => Answer(context, Remove));
        routes.MapGet("/counters", context => Answer(context, Count));
    }

    /// <summary>What every call names: whose badges, and where.</summary>
    private sealed record Call(HttpContext Context, PerfumerFields Fields, string Collection, string User, Caller? Caller)
    {
        public CancellationToken Aborted => Context.RequestAborted;
    }

    private async Task Answer(HttpContext context, Func<Call, Task> answer)
    {
        var (allowed, caller) = await access.Caller(context);
        if (!allowed)
        {
            await PerfumerJson.Write(context, PerfumerError.Unauthorized);
            return;
        }
        var fields = await PerfumerFields.Read(context.Request, context.RequestAborted);
        if (!TryRequire(fields, PerfumerFields.Collection, out var collection, out var error)
            || !TryRequire(fields, PerfumerFields.User, out var user, out error))
        {
            await PerfumerJson.Write(context, error);
            return;
        }
        await answer(new Call(context, fields, collection, user, caller));
    }

    private static bool TryRequire(
        PerfumerFields fields, string name, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out PerfumerError? error)
    {
        error = !fields.TryText(name, out text) ? PerfumerError.Invalid(name)
            : text is null ? PerfumerError.Missing(name)
            : null;
        return error is null;
    }

    private async Task Post(Call call)
    {
        if (!TryRequire(call.Fields, PerfumerFields.Name, out var name, out var error))
        {
            await PerfumerJson.Write(call.Context, error);
            return;
        }
        if (!call.Fields.TryJson(PerfumerFields.Payload, out var payload))
        {
            await PerfumerJson.Write(call.Context, PerfumerError.Invalid(PerfumerFields.Payload));
            return;
        }
        var refusal = await core.Collections.Post(call.Collection, call.User, name, payload, call.Caller, call.Aborted);
        await (refusal is { } refused
            ? PerfumerJson.Write(call.Context, PerfumerError.Of(refused))
            : PerfumerJson.WriteDone(call.Context, StatusCodes.Status201Created));
    }

    private async Task List(Call call)
    {
        if (!call.Fields.TryText(PerfumerFields.Name, out var name))
        {
            await PerfumerJson.Write(call.Context, PerfumerError.Invalid(PerfumerFields.Name));
            return;
        }
        await PerfumerJson.WriteBadges(
            call.Context, call.User, core.Collections.List(call.Collection, call.User, name, call.Caller, call.Aborted));
    }

    private async Task Remove(Call call)
    {
        if (!call.Fields.TryText(PerfumerFields.Name, out var name))
        {
            await PerfumerJson.Write(call.Context, PerfumerError.Invalid(PerfumerFields.Name));
            return;
        }
        var refusal = await core.Collections.Remove(call.Collection, call.User, name, call.Caller, call.Aborted);
        await (refusal is { } refused
            ? PerfumerJson.Write(call.Context, PerfumerError.Of(refused))
            : PerfumerJson.WriteDone(call.Context, StatusCodes.Status200OK));
    }

    private async Task Count(Call call)
    {
        if (!call.Fields.TryList(PerfumerFields.Names, out var names))
        {
            await PerfumerJson.Write(call.Context, PerfumerError.Invalid(PerfumerFields.Names));
            return;
        }
        if (names.Count == 0)
        {
            await PerfumerJson.Write(call.Context, PerfumerError.Missing(PerfumerFields.Names));
            return;
        }
        var counts = await core.Collections.Count(call.Collection, call.User, names, call.Caller, call.Aborted);
        await (counts is null
            ? PerfumerJson.Write(call.Context, PerfumerError.Invalid(PerfumerFields.Names))
            : PerfumerJson.WriteCounters(call.Context, names, counts));
    }
}
