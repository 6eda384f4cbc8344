using System.Text;
using System.Text.Json;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>An error of this API: its code is its status. Contract: docs/dialects/answerhub.md#errors</summary>
internal sealed class AnswerHubError(int status, string message)
{
    public static readonly AnswerHubError LoginNeeded = new(401, "A login is needed.");
    public static readonly AnswerHubError LoginWrong = new(401, "The login is not valid.");
    public static readonly AnswerHubError TooManyLogins = new(429, "Too many logins; try again later.");
    public static readonly AnswerHubError PlainLogin =
        new(403, "A password over plain HTTP is taken from this machine only: use HTTPS, unless the operator allows it with --allow-plain-basic.");
    public static readonly AnswerHubError ForeignPage = new(403, "A page of another site sent this request, and the login is the browser's.");
    public static readonly AnswerHubError MayNotAward = new(403, "The permission \"Award bonus reputation\" is missing.");
    public static readonly AnswerHubError Revoked = new(403, "The award was revoked; only an administrator sets that aside.");
    public static readonly AnswerHubError AwardTypeUnknown = new(404, "No award type has this id.");
    public static readonly AnswerHubError ActionUnknown = new(404, "No action has this id.");
    public static readonly AnswerHubError UserUnknown = new(404, "No user has this id.");
    public static readonly AnswerHubError NotStored = new(500, "The award could not be stored.");

    public int Status { get; } = status;

    public byte[] Body { get; } =
        Encoding.UTF8.GetBytes($$$"""{"error":{"code":{{{status}}},"message":"{{{JsonEncodedText.Encode(message, AnswerHubJson.Encoder)}}}"}}""");
}

/// <summary>The shape of what goes wrong outside the endpoints.</summary>
internal sealed class AnswerHubErrorShape : IErrorShape
{
    public bool Covers(PathString path) => path.StartsWithSegments(AnswerHubApi.Root, StringComparison.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail) =>
        AnswerHubJson.Write(context, new AnswerHubError(status, detail ?? ErrorShaping.Words(status)));
}
