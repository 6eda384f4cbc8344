using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Server.Http;

/// <summary>The outermost layer: whatever happens inside, the answer has its dialect's shape, and nothing internal leaks.</summary>
internal sealed partial class ErrorShaping(RequestDelegate next, IEnumerable<IErrorShape> shapes, FailedAnswers failed, ILogger<ErrorShaping> log)
{
    private const string RetryAfterSeconds = "1";

    private readonly IErrorShape[] _shapes = [.. shapes];

    public Task Invoke(HttpContext context)
    {
        Task inner;
        try
        {
            inner = next(context);
        }
        catch (Exception failure)
        {
            return Failed(context, failure);
        }
        return inner.IsCompletedSuccessfully && context.Response.StatusCode < 400 ? Task.CompletedTask : Await(context, inner);
    }

    private async Task Await(HttpContext context, Task inner)
    {
        try
        {
            await inner;
        }
        catch (Exception failure)
        {
            await Failed(context, failure);
            return;
        }
        if (context.Response.StatusCode >= 500)
        {
            failed.Add();
        }
        if (NeedsBody(context.Response))
        {
            await Write(context, context.Response.StatusCode, null);
        }
    }

    private static bool NeedsBody(HttpResponse response) =>
        response.StatusCode >= 400 && !response.HasStarted && response.ContentLength is null && response.ContentType is null;

    private async Task Failed(HttpContext context, Exception failure)
    {
        // Nobody is left to answer.
        if (failure is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        var (status, detail) = failure switch
        {
            BadRequestException bad => (bad.Status, bad.Message),
            BadHttpRequestException bad => (bad.StatusCode, null),
            LedgerFullException or StorageUnavailableException => (StatusCodes.Status503ServiceUnavailable, null),
            _ => (StatusCodes.Status500InternalServerError, (string?)null),
        };
        if (status >= 500)
        {
            failed.Add();
            RequestFailed(log, failure, context.Request.Method, context.Request.Path, status);
        }
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        context.Response.Clear();
        await Write(context, status, detail);
    }

    private Task Write(HttpContext context, int status, string? detail)
    {
        context.Response.StatusCode = status;
        if (status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests && context.Response.Headers.RetryAfter.Count == 0)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        foreach (var shape in _shapes)
        {
            if (shape.Covers(context.Request.Path))
            {
                return shape.Write(context, status, detail);
            }
        }
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(detail ?? Words(status), context.RequestAborted);
    }

    /// <summary>The usual English words for a status.</summary>
    public static string Words(int status) => status switch
    {
        400 => "The request is not understood.",
        401 => "Authentication is needed.",
        403 => "Not allowed.",
        404 => "Not found.",
        405 => "Method not allowed.",
        413 => "The body is too large.",
        415 => "The body's media type is not supported.",
        429 => "Too many requests.",
        503 => "Not available now; try again shortly.",
        _ => "Something went wrong.",
    };

    [LoggerMessage(100, LogLevel.Error, "{Method} {Path} failed with {Status}.")]
    private static partial void RequestFailed(ILogger log, Exception failure, string method, PathString path, int status);
}
