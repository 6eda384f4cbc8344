using Laurel.Core.Rules;

namespace Laurel.Server.Native;

/// <summary>Rules, what they would do and have done, and how far users are in them. Written and read by administrators, services and managers of the issuer of their
/// badges. Wire types: RuleJson.cs, PreviewJson.cs</summary>
internal static class RuleEndpoints
{
    public static void MapRules(this IEndpointRouteBuilder native)
    {
        native.Get("/rules", List);
        native.Post("/rules", Create);
        native.Get("/rules/{id}", Get);
        native.Put("/rules/{id}", Put);
        native.Get("/rules/{id}/revisions", Revisions);
        native.Post("/rules/preview", PreviewNew);
        native.Post("/rules/{id}/preview", Preview);
        native.Get("/rules/{id}/watch", Watch);
        native.Get("/users/{userId}/progress", Progress);
    }

    private static Task<NativeAnswer> List(NativeCall call) => call.PageIfAllowed(
        "native rules", (after, limit) => call.Core.Rules.List(after ?? 0, limit, call.Caller), rule => rule.Id, RuleJson.From, NativeJson.Strict.RulePage);

    private static async Task<NativeAnswer> Get(NativeCall call) =>
        (await call.Core.Rules.Find(call.Id(), call.Caller)).Succeeded(out var rule, out var refusal)
            ? NativeAnswer.Ok(RuleJson.From(rule), NativeJson.Strict.RuleJson)
            : NativeProblem.Of(refusal);

    private static async Task<NativeAnswer> Create(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.RuleBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Rules.Create(draft, call.Caller)).Succeeded(out var rule, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Created(RuleJson.From(rule), NativeJson.Strict.RuleJson);
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.RuleBody);
        if (!body.ToDraft().Succeeded(out var draft, out var refusal)
            || !(await call.Core.Rules.Put(id, draft, call.CreateOnly, call.Caller)).Succeeded(out var put, out refusal))
        {
            return NativeProblem.Of(refusal);
        }
        return NativeAnswer.Stored(put.Created, RuleJson.From(put.Thing), NativeJson.Strict.RuleJson);
    }

    private static Task<NativeAnswer> Revisions(NativeCall call)
    {
        var id = call.Id();
        return call.PageIfAllowed(
            $"native revisions of rule {id}", (before, limit) => call.Core.Rules.Revisions(id, before ?? long.MaxValue, limit, call.Caller),
            revision => revision.Number, RuleRevisionJson.From, NativeJson.Strict.RuleRevisionPage);
    }

    private static async Task<NativeAnswer> PreviewNew(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.NewPreviewBody);
        return await Preview(call, null, body.Rule, body.From, body.AfterUser);
    }

    private static async Task<NativeAnswer> Preview(NativeCall call)
    {
        var id = call.Id();
        var body = await call.Body(NativeJson.Strict.PreviewBody);
        return await Preview(call, id, body.Rule, body.From, body.AfterUser);
    }

    private static async Task<NativeAnswer> Preview(NativeCall call, long? id, RuleBody? rule, Timestamp? from, long afterUser)
    {
        RuleDraft? draft = null;
        if (rule?.ToDraft().Succeeded(out draft, out var refusal) == false)
        {
            return NativeProblem.Of(refusal! with { Field = $"rule.{refusal!.Field}" });
        }
        return (await call.Core.Previews.Make(id, draft, from?.Micros, afterUser, call.Caller, call.Aborted)).Succeeded(out var preview, out refusal)
            ? NativeAnswer.Ok(PreviewJson.From(preview), NativeJson.Strict.PreviewJson)
            : NativeProblem.Of(refusal);
    }

    private static async Task<NativeAnswer> Watch(NativeCall call) =>
        (await call.Core.Rules.Watch(call.Id(), call.Caller)).Succeeded(out var watch, out var refusal)
            ? NativeAnswer.Ok(RuleWatchJson.From(watch), NativeJson.Strict.RuleWatchJson)
            : NativeProblem.Of(refusal);

    private static Task<NativeAnswer> Progress(NativeCall call)
    {
        var userId = call.Id("userId");
        return call.PageIfAllowed(
            $"native progress of user {userId}",
            async (after, limit) => (await call.Core.Rules.Progress(userId, call.Caller))
                .Map(progress => progress.Where(rule => rule.RuleId > (after ?? 0)).Take(limit).ToList()),
            rule => rule.RuleId, ProgressJson.From, NativeJson.Strict.ProgressPage);
    }
}
