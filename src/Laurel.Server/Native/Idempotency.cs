using Laurel.Core.Access;

namespace Laurel.Server.Native;

/// <summary>A POST with an <c>Idempotency-Key</c> runs once: asked again with the same body by the same key's holder within 24
/// hours, it gives its first answer again. What was refused is forgotten and may be tried again.</summary>
internal static class Idempotency
{
    public const string Header = "Idempotency-Key";
    private const int MaximumLength = 255;

    public static async Task<NativeAnswer> Once(NativeCall call, Func<NativeCall, Task<NativeAnswer>> handler)
    {
        if (Key(call.Http.Request) is not { } key)
        {
            return await handler(call);
        }
        var body = await call.RawBody();
        var scope = $"{call.Caller.KeyId} POST {call.Http.Request.Path}";
        var (state, hash, first) = await call.Core.Idempotency.Begin(scope, key, body);
        return state switch
        {
            IdempotencyState.Begun => await Run(call, hash, handler),
            IdempotencyState.Answered => new NativeAnswer(first!.Status, first.ContentType, first.Body) { IsReplay = true },
            IdempotencyState.Running => NativeProblem.Of(
                StatusCodes.Status409Conflict, "idempotency_running", "The first request with this Idempotency-Key has not ended.", Header),
            IdempotencyState.Mismatch => NativeProblem.Of(
                StatusCodes.Status422UnprocessableEntity, "idempotency_mismatch", "This Idempotency-Key was used with another body.", Header),
        };
    }

    private static async Task<NativeAnswer> Run(NativeCall call, string hash, Func<NativeCall, Task<NativeAnswer>> handler)
    {
        // Its answer is kept for whoever asks again, so it goes on when this caller hangs up.
        call.Aborted = CancellationToken.None;
        NativeAnswer answer;
        try
        {
            answer = await handler(call);
        }
        catch
        {
            await call.Core.Idempotency.Abandon(hash);
            throw;
        }
        if (answer.Status >= StatusCodes.Status400BadRequest)
        {
            await call.Core.Idempotency.Abandon(hash);
        }
        else
        {
            await call.Core.Idempotency.Complete(hash, new StoredAnswer(answer.Status, answer.ContentType, answer.Kept ?? answer.Body));
        }
        return answer;
    }

    private static string? Key(HttpRequest request)
    {
        var header = request.Headers[Header];
        if (header.Count == 0)
        {
            return null;
        }
        return header is [{ Length: >= 1 and <= MaximumLength } key] && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw new InvalidParameterException(Header, "One Idempotency-Key of 1 to 255 visible ASCII characters.");
    }
}
