using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>An award type: a badge. <c>creationDate</c> in milliseconds since 1970 UTC.</summary>
internal sealed record AwardTypeJson(
    long Id, long CreationDate, string CreationDateFormatted, string Name, string Description, bool Active, string? Level, string Mode)
{
    public static AwardTypeJson From(Badge badge) => new(
        badge.Id, AnswerHubJson.Millis(badge.CreatedAt), AnswerHubJson.Formatted(badge.CreatedAt), badge.Source.Name, badge.Source.Description ?? "",
        badge.Enabled, AnswerHubJson.Word(badge.Level), AnswerHubJson.Word(badge.Recurrence));
}

/// <summary>A badge that a user holds. <c>creationDate</c> is that of the earliest award.</summary>
internal sealed record UserAwardJson(long Id, string Name, string Description, long Count, string? Level, string ImageUrl, long CreationDate)
{
    public static UserAwardJson From(Badge badge, CountedBadge held, string imageUrl) => new(
        badge.Id, badge.Source.Name, badge.Source.Description ?? "", held.Standing, AnswerHubJson.Word(badge.Level), imageUrl,
        AnswerHubJson.Millis(held.AwardedAt));
}

/// <summary>A page of a list.</summary>
internal sealed record PageJson<T>(
    string Name, string Sort, long Page, int PageSize, long PageCount, int ListCount, long TotalCount, IReadOnlyList<T> List);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AwardTypeJson))]
[JsonSerializable(typeof(PageJson<AwardTypeJson>), TypeInfoPropertyName = "AwardTypePage")]
[JsonSerializable(typeof(PageJson<UserAwardJson>), TypeInfoPropertyName = "UserAwardPage")]
internal sealed partial class AnswerHubWire : JsonSerializerContext;

/// <summary>Words and writes what this API answers.</summary>
internal static class AnswerHubJson
{
    private const string ContentType = "application/json; charset=utf-8";

    /// <summary>Never inside HTML: texts of all scripts stay readable.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static AnswerHubWire Wire { get; } = new(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = Encoder });

    public static Task Write<T>(HttpContext context, T value, JsonTypeInfo<T> type) => Write(context, JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static Task Write(HttpContext context, AnswerHubError error)
    {
        context.Response.StatusCode = error.Status;
        if (error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"Laurel\", charset=\"UTF-8\"";
        }
        return Write(context, error.Body);
    }

    private static Task Write(HttpContext context, byte[] body)
    {
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    public static long Millis(long micros) => micros / 1000;

    /// <summary>As <c>11/21/2018 05:51 AM</c>, in UTC.</summary>
    public static string Formatted(long micros) => Clock.ToTime(micros).ToString("MM/dd/yyyy hh:mm tt", CultureInfo.InvariantCulture);

    public static string? Word(BadgeLevel level) => level switch
    {
        BadgeLevel.None => null,
        BadgeLevel.Bronze => "bronze",
        BadgeLevel.Silver => "silver",
        BadgeLevel.Gold => "gold",
    };

    public static string Word(Recurrence recurrence) => recurrence switch
    {
        Recurrence.Once => "once",
        Recurrence.PerSubject => "per_node",
        Recurrence.PerAction => "per_action",
        Recurrence.PerPeriod => "per_period",
        Recurrence.Always => "always",
        _ => throw new System.Diagnostics.UnreachableException("A recurrence has no cases but its own."),
    };
}
