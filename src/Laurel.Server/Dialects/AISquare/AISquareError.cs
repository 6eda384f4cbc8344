using System.Globalization;
using System.Text.Json;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.AISquare;

/// <summary>Errors in the manner of Django REST Framework: <c>{"detail":…}</c>, or the member at fault and what is wrong with it.
/// Contract: docs/dialects/aisquare.md#errors</summary>
internal sealed class AISquareError
{
    public static readonly AISquareError NoCredential = Of(401, "Authentication credentials were not provided.");
    public static readonly AISquareError BadToken = Of(401, "Given token not valid for any token type");
    public static readonly AISquareError Forbidden = Of(403, "You do not have permission to perform this action.");
    public static readonly AISquareError NotFound = Of(404, "Not found.");
    public static readonly AISquareError NotBoolean = Invalid("is_badged", "Must be a valid boolean.");
    public static readonly AISquareError Null = Invalid("is_badged", "This field may not be null.");
    public static readonly AISquareError NotClaimed = Invalid("is_badged", "A reward must be claimed before it can be worn as a badge.");
    public static readonly AISquareError NoData = Invalid("non_field_errors", "No data provided");

    private AISquareError(int status, byte[] body) => (Status, Body) = (status, body);

    public int Status { get; }

    public byte[] Body { get; }

    public static AISquareError Of(int status, string detail) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(new DetailJson(detail), AISquareJson.Wire.DetailJson));

    public static AISquareError Invalid(string member, string message) => new(
        400, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string[]> { [member] = [message] }, AISquareJson.Wire.DictionaryStringStringArray));

    public static AISquareError NotJson(string why) => Of(400, $"JSON parse error - {why}");

    public static AISquareError UnsupportedMediaType(string? type) => Of(415, $"Unsupported media type \"{type}\" in request.");

    public Task Write(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }
        return AISquareJson.Write(context, Body);
    }
}

/// <summary>The shape of what goes wrong outside the endpoint.</summary>
internal sealed class AISquareErrorShape : IErrorShape
{
    public bool Covers(PathString path) => path.StartsWithSegments("/api/v1", StringComparison.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail) =>
        AISquareError.Of(status, detail ?? Words(context, status)).Write(context);

    private static string Words(HttpContext context, int status) => status switch
    {
        404 => "Not found.",
        405 => $"Method \"{context.Request.Method}\" not allowed.",
        413 => "The request body is too large.",
        429 => string.Create(CultureInfo.InvariantCulture, $"Request was throttled. Expected available in {context.Response.Headers.RetryAfter} second."),
        503 => "Service temporarily unavailable, try again later.",
        >= 500 => "A server error occurred.",
        _ => "Malformed request.",
    };
}
