using System.Text;
using System.Text.Json;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>The errors of the badge API: their status, code and words. Contract: docs/dialects/roblox.md#errors</summary>
internal sealed class RobloxError
{
    public static readonly RobloxError BadgeInvalid = new(404, 1, "Badge is invalid or does not exist.");
    public static readonly RobloxError MayNotManage = new(403, 2, "You do not have permission to manage this badge.");
    public static readonly RobloxError UniverseInvalid = new(404, 3, "The game is invalid or does not exist.");
    public static readonly RobloxError UserInvalid = new(404, 4, "User is invalid or does not exist.");
    public static readonly RobloxError TooManyBadges = new(400, 5, "Too many badge Ids.");
    public static readonly RobloxError TextModerated = new(400, 6, "Text moderated.");
    public static readonly RobloxError PlaceInvalid = new(400, 7, "Place is invalid or does not exist.");
    public static readonly RobloxError PlaceMayNotAward = new(403, 8, "The place doesn't have permission to award the badge.");
    public static readonly RobloxError AwardFailed = new(403, 9, "Failed to award badge.");
    public static readonly RobloxError NameInvalid = new(400, 14, "Invalid badge name.");
    public static readonly RobloxError DescriptionInvalid = new(400, 15, "Invalid badge description.");
    public static readonly RobloxError CursorInvalid =
        new(400, 26, "The pagination cursor is invalid or incompatible with the current request.");

    public static readonly RobloxError NotFound = Framework(404, "NotFound");
    public static readonly RobloxError Unauthorized = Framework(401, "Authorization has been denied for this request.");
    public static readonly RobloxError TokenInvalid = Framework(403, "Token Validation Failed");

    private RobloxError(int status, byte[] body) => (Status, Body) = (status, body);

    private RobloxError(int status, int code, string message)
        : this(status, Render(code, message, ",\"userFacingMessage\":\"Something went wrong\""))
    {
    }

    public int Status { get; }

    public byte[] Body { get; }

    /// <summary>An error of the framework below the API: code 0, no words for players.</summary>
    public static RobloxError Framework(int status, string message) => new(status, Render(0, message, ""));

    /// <summary>A query parameter that does not hold what it may.</summary>
    public static RobloxError Parameter(string field, string message) => new(400, Render(0, message, $",\"field\":\"{field}\""));

    private static byte[] Render(int code, string message, string rest) =>
        Encoding.UTF8.GetBytes($"{{\"errors\":[{{\"code\":{code},\"message\":\"{JsonEncodedText.Encode(message, RobloxJson.Encoder)}\"{rest}}}]}}");
}

/// <summary>The shape of what goes wrong outside the endpoints.</summary>
internal sealed class RobloxErrorShape : IErrorShape
{
    public bool Covers(PathString path) => 
        path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments("/v2", StringComparison.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail) => RobloxJson.Write(context, RobloxError.Framework(status, detail ?? Word(status)));

    private static string Word(int status) => status switch
    {
        401 => "Authorization has been denied for this request.",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        413 => "PayloadTooLarge",
        415 => "UnsupportedMediaType",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        >= 500 => "InternalServerError",
        _ => "BadRequest",
    };
}
