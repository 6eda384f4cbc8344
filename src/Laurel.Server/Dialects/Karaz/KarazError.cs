using System.Text;
using System.Text.Json;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>Errors as this API words them. Contract: docs/dialects/karaz.md#errors</summary>
internal static class KarazError
{
    public static Task Unauthorized(HttpContext context) =>
        Write(context, StatusCodes.Status401Unauthorized, "Send a valid access token in the Authorization header, with the Bearer scheme.");

    public static Task NoUser(HttpContext context) =>
        Write(context, StatusCodes.Status403Forbidden, "This key acts for a service: it has no user, and so no badges.");

    public static Task Write(HttpContext context, int status, string message)
    {
        var body = Encoding.UTF8.GetBytes($"{{\"status\":\"error\",\"message\":\"{JsonEncodedText.Encode(message, KarazJson.Encoder)}\"}}");
        var response = context.Response;
        response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }
        KarazJson.Begin(response, body.Length);
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

/// <summary>The shape of what goes wrong outside the endpoints.</summary>
internal sealed class KarazErrorShape : IErrorShape
{
    public bool Covers(PathString path) => path.StartsWithSegments("/v2/users", StringComparison.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail) => status == StatusCodes.Status401Unauthorized && detail is null
        ? KarazError.Unauthorized(context)
        : KarazError.Write(context, status, detail ?? ErrorShaping.Words(status));
}
