using System.Text;
using System.Text.Json;
using Laurel.Core.Awards;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Perfumer;

/// <summary>The errors of this API: their status and words. Contract: docs/dialects/perfumer.md#errors</summary>
internal sealed class PerfumerError
{
    public static readonly PerfumerError Unauthorized = new(401, ErrorShaping.Words(401));
    public static readonly PerfumerError Forbidden = new(403, ErrorShaping.Words(403));
    public static readonly PerfumerError NotAwarded = new(403, "The badge cannot be awarded.");

    private PerfumerError(int status, string message) =>
        (Status, Body) = (status, Encoding.UTF8.GetBytes($"{{\"status\":false,\"message\":\"{JsonEncodedText.Encode(message, PerfumerJson.Encoder)}\"}}"));

    public int Status { get; }

    public byte[] Body { get; }

    public static PerfumerError Missing(string field) => new(400, $"\"{field}\" parameter must be set");

    public static PerfumerError Invalid(string field) => new(400, $"\"{field}\" parameter is invalid");

    public static PerfumerError Of(int status, string? detail) => new(status, status == 404 ? "Not found" : detail ?? ErrorShaping.Words(status));

    public static PerfumerError Of(CollectionRefusal refusal) => refusal switch
    {
        CollectionRefusal.InvalidCollection => Invalid(PerfumerFields.Collection),
        CollectionRefusal.InvalidUser => Invalid(PerfumerFields.User),
        CollectionRefusal.InvalidName => Invalid(PerfumerFields.Name),
        CollectionRefusal.InvalidPayload => Invalid(PerfumerFields.Payload),
        CollectionRefusal.Forbidden => Forbidden,
        CollectionRefusal.NotAwarded => NotAwarded,
    };
}

/// <summary>The shape of what goes wrong outside the endpoints. A wrong verb is as unknown as a wrong route.</summary>
internal sealed class PerfumerErrorShape : IErrorShape
{
    private static readonly string[] Paths = ["/badge", "/badges", "/counters"];

    public bool Covers(PathString path) =>
        path.Value is { Length: > 1 } text && Paths.Contains(text[^1] == '/' ? text[..^1] : text, StringComparer.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail)
    {
        if (status == StatusCodes.Status405MethodNotAllowed)
        {
            status = StatusCodes.Status404NotFound;
            context.Response.Headers.Remove(Microsoft.Net.Http.Headers.HeaderNames.Allow);
        }
        return PerfumerJson.Write(context, PerfumerError.Of(status, detail));
    }
}
