using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Rewards;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>Errors as RFC 9457 problem details. <c>code</c> is stable and for programs, <c>detail</c> is for developers,
/// <c>field</c> names the member, parameter or header at fault, <c>position</c> where in its text.</summary>
internal static class NativeProblem
{
    private const string ContentType = "application/problem+json";
    private const int Conflict = StatusCodes.Status409Conflict;
    private const int Unprocessable = StatusCodes.Status422UnprocessableEntity;

    public static NativeAnswer Of(int status, string code, string detail, string? field = null, int? position = null)
    {
        var problem = new ProblemJson($"urn:laurel:problem:{code}", Title(code), status, detail, code, field, position);
        return NativeAnswer.Json(status, problem, NativeJson.Strict.ProblemJson) with { ContentType = ContentType };
    }

    public static NativeAnswer Of(BadRequestException bad) =>
        Of(bad.Status, bad.Status == StatusCodes.Status400BadRequest ? "malformed" : Code(bad.Status), bad.Message, bad.Field);

    public static NativeAnswer Of(InvalidParameterException invalid) =>
        Of(StatusCodes.Status400BadRequest, "invalid", invalid.Message, invalid.Name);

    public static NativeAnswer Of(Refusal refusal) => Of(Status(refusal.Code), Code(refusal.Code), refusal.Message, refusal.Field, refusal.Position);

    /// <summary>The same where the path names the user, and not the body.</summary>
    public static NativeAnswer OfPath(Refusal refusal) =>
        refusal.Code == RefusalCode.UnknownUser ? NotFound(refusal.Code, refusal.Message) : Of(refusal);

    /// <summary>A refusal about a thing that the path names, and not the body.</summary>
    public static NativeAnswer NotFound(RefusalCode code, string detail) => Of(StatusCodes.Status404NotFound, Code(code), detail);

    public static NativeAnswer Of(RewardRefusal refusal) => refusal switch
    {
        RewardRefusal.UnknownAward => NotFound(RefusalCode.UnknownAward, "The user has no award with this id."),
        RewardRefusal.Forbidden => Of(new Refusal(RefusalCode.Forbidden, "This key may not claim or wear this award.")),
        RewardRefusal.NotEnoughPoints => Of(new Refusal(RefusalCode.NotEnoughPoints, "The user has fewer points than the badge costs.")),
        RewardRefusal.NotClaimed => Of(Conflict, "not_claimed", "What is not claimed cannot be worn."),
    };

    public static NativeAnswer Of(AwardRefusal refusal)
    {
        var (status, code, detail, field) = Words(refusal);
        return Of(status, code, detail, field);
    }

    private static string Title(string code) => $"{char.ToUpperInvariant(code[0])}{code[1..].Replace('_', ' ')}";

    /// <summary>The code of a status that no operation has words for.</summary>
    public static string Code(int status) => status switch
    {
        400 => "malformed",
        401 => "unauthenticated",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        413 => "body_too_large",
        415 => "unsupported_media_type",
        429 => "too_many_requests",
        503 => "unavailable",
        >= 500 => "internal",
        _ => "refused",
    };

    // No default arm, here and below: a new refusal does not compile until it has words.
    private static int Status(RefusalCode code) => code switch
    {
        RefusalCode.Invalid or RefusalCode.IdReserved or RefusalCode.UnknownIssuer or RefusalCode.UnknownPlace or RefusalCode.UnknownBadge
            or RefusalCode.UnknownUser or RefusalCode.UnknownActionType or RefusalCode.InvalidImage or RefusalCode.Moderated
            or RefusalCode.InvalidFilter => Unprocessable,
        RefusalCode.UnknownKey or RefusalCode.UnknownAward or RefusalCode.UnknownAction or RefusalCode.UnknownRule
            or RefusalCode.UnknownBackfill => StatusCodes.Status404NotFound,
        RefusalCode.KeyTaken or RefusalCode.UsernameTaken or RefusalCode.RecurrenceInUse or RefusalCode.ActionMismatch or RefusalCode.NotEnoughPoints
            or RefusalCode.RuleDisabled or RefusalCode.BackfillRunning => Conflict,
        RefusalCode.AlreadyExists => StatusCodes.Status412PreconditionFailed,
        RefusalCode.Forbidden => StatusCodes.Status403Forbidden,
    };

    public static string Code(RefusalCode code) => code switch
    {
        RefusalCode.Invalid => "invalid",
        RefusalCode.IdReserved => "id_reserved",
        RefusalCode.UnknownIssuer => "unknown_issuer",
        RefusalCode.UnknownPlace => "unknown_place",
        RefusalCode.UnknownBadge => "unknown_badge",
        RefusalCode.UnknownUser => "unknown_user",
        RefusalCode.UnknownKey => "unknown_key",
        RefusalCode.UnknownAward => "unknown_award",
        RefusalCode.UnknownActionType => "unknown_action_type",
        RefusalCode.UnknownAction => "unknown_action",
        RefusalCode.UnknownRule => "unknown_rule",
        RefusalCode.UnknownBackfill => "unknown_backfill",
        RefusalCode.RuleDisabled => "rule_disabled",
        RefusalCode.BackfillRunning => "backfill_running",
        RefusalCode.InvalidFilter => "invalid_filter",
        RefusalCode.ActionMismatch => "action_mismatch",
        RefusalCode.NotEnoughPoints => "not_enough_points",
        RefusalCode.KeyTaken => "key_taken",
        RefusalCode.UsernameTaken => "username_taken",
        RefusalCode.AlreadyExists => "already_exists",
        RefusalCode.RecurrenceInUse => "recurrence_in_use",
        RefusalCode.Forbidden => "forbidden",
        RefusalCode.InvalidImage => "invalid_image",
        RefusalCode.Moderated => "moderated",
    };

    public static (int Status, string Code, string Detail, string? Field) Words(AwardRefusal refusal) => refusal switch
    {
        AwardRefusal.UnknownPlace => (Unprocessable, "unknown_place", "No place has this id.", "placeId"),
        AwardRefusal.UnknownBadge => (Unprocessable, "unknown_badge", "No badge has this id.", "badgeId"),
        AwardRefusal.UnknownUser => (Unprocessable, "unknown_user", "No user has this id.", "userId"),
        AwardRefusal.UnknownAction => (Unprocessable, "unknown_action", "No action has this id.", "actionId"),
        AwardRefusal.NotRecognised => (Conflict, "not_recognised", "The badge does not recognise actions of this type.", null),
        AwardRefusal.PlaceMayNotAward => (StatusCodes.Status403Forbidden, "place_may_not_award", "The place is not of the badge's issuer.", null),
        AwardRefusal.Forbidden => (StatusCodes.Status403Forbidden, "forbidden", "This key may not award this badge in this way.", null),
        AwardRefusal.Disabled => (Conflict, "disabled", "The badge is disabled.", null),
        AwardRefusal.OccasionMissing => (Unprocessable, "occasion_missing", "The badge's recurrence needs a subject or an actionId.", null),
        AwardRefusal.Revoked => (Conflict, "revoked", "The award was revoked; only a manual award of an administrator lifts that.", null),
        AwardRefusal.OccasionHeld => (Conflict, "occasion_held", "Another award of the user holds this occasion.", null),
        AwardRefusal.IdReserved => (Unprocessable, "id_reserved", "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id"),
        AwardRefusal.TimeInFuture => (Unprocessable, "time_in_future", "An award's time is not in the future.", "awardedAt"),
        AwardRefusal.InvalidTime => (Unprocessable, "invalid_time", "An award's time is not before 1970.", "awardedAt"),
        AwardRefusal.InvalidSubject => (Unprocessable, "invalid_subject", "A subject has 1 to 512 bytes of UTF-8.", "subject"),
        AwardRefusal.InvalidAction => (Unprocessable, "invalid_action", "An action's id is 1 to 2^53 - 1.", "actionId"),
        AwardRefusal.InvalidPayload => (Unprocessable, "invalid_payload", "A payload is JSON of at most 16 KiB, nested at most 16 deep.", "payload"),
        AwardRefusal.NotStorable => (Unprocessable, "not_storable", "The database refused this award.", null),
    };
}

/// <summary>What is no business of an operation: wrong routes and verbs, bodies too large, failures.</summary>
internal sealed class NativeErrorShape : IErrorShape
{
    public bool Covers(PathString path) => path.StartsWithSegments("/laurel", StringComparison.OrdinalIgnoreCase);

    public Task Write(HttpContext context, int status, string? detail) =>
        NativeProblem.Of(status, NativeProblem.Code(status), detail ?? ErrorShaping.Words(status)).Write(context);
}

internal sealed record ProblemJson(
    string Type, string Title, int Status, string Detail, string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Position);
