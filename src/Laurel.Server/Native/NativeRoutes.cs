using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Laurel.Server.Native;

/// <summary>How a route of the native API is run: the caller is authenticated, then the handler answers, and what a handler could
/// not read becomes a problem. Every POST honours <c>Idempotency-Key</c>.</summary>
internal static class NativeRoutes
{
    public static void Get(this IEndpointRouteBuilder routes, string pattern, Func<NativeCall, Task<NativeAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Get], context => Run(context, handler));

    public static void Put(this IEndpointRouteBuilder routes, string pattern, Func<NativeCall, Task<NativeAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Put], context => Run(context, handler));

    public static void Delete(this IEndpointRouteBuilder routes, string pattern, Func<NativeCall, Task<NativeAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Delete], context => Run(context, handler));

    /// <param name="bodyLimit">In bytes, where it is not the usual one.</param>
    /// <param name="takesLines">See <see cref="NativeCall.TakesLines"/>.</param>
    public static void Post(
        this IEndpointRouteBuilder routes, string pattern, Func<NativeCall, Task<NativeAnswer>> handler, long bodyLimit = Bodies.Limit, bool takesLines = false) =>
        routes.MapMethods(pattern, [HttpMethods.Post], context => RunOnce(context, handler, bodyLimit, takesLines));

    /// <summary>For who has no key yet. Its answers are secrets, so none is kept for an <c>Idempotency-Key</c>.</summary>
    public static void PostOpen(this IEndpointRouteBuilder routes, string pattern, Func<NativeCall, Task<NativeAnswer>> handler) =>
        routes.MapMethods(pattern, [HttpMethods.Post], context => Run(context, handler, open: true));

    private static Task RunOnce(HttpContext context, Func<NativeCall, Task<NativeAnswer>> handler, long bodyLimit, bool takesLines)
    {
        if (bodyLimit != Bodies.Limit && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = bodyLimit;
        }
        return Run(context, call => Idempotency.Once(call, handler), takesLines: takesLines);
    }

    private static async Task Run(HttpContext context, Func<NativeCall, Task<NativeAnswer>> handler, bool open = false, bool takesLines = false)
    {
        NativeAnswer answer;
        try
        {
            var core = context.RequestServices.GetRequiredService<LaurelCore>();
            answer = await (open ? Anybody(context.Request) : Authenticate(context.Request, core)) is { } caller
                ? await handler(new NativeCall(context, core, caller) { TakesLines = takesLines })
                : NativeProblem.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Send a valid key as bearer token or x-api-key.");
        }
        catch (BadRequestException bad)
        {
            answer = NativeProblem.Of(bad);
        }
        catch (InvalidParameterException invalid)
        {
            answer = NativeProblem.Of(invalid);
        }
        await answer.Write(context);
    }

    // A credential that came along is not looked at; two are refused even here.
    private static ValueTask<Caller?> Anybody(HttpRequest request)
    {
        Credential.RefuseSeveral(request);
        return ValueTask.FromResult<Caller?>(Nobody);
    }

    // May do nothing.
    private static readonly Caller Nobody = new(0, null, IsAdministrator: false, new HashSet<string>());

    // Cookies and Basic are for browsers and other dialects: nothing here is protected against a foreign page that sends them.
    internal static ValueTask<Caller?> Authenticate(HttpRequest request, LaurelCore core)
    {
        var credential = Credential.Of(request);
        return credential.Kind is CredentialKind.Bearer or CredentialKind.ApiKey
            ? core.Keys.Authenticate(credential.Secret)
            : ValueTask.FromResult<Caller?>(null);
    }
}
