using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Laurel.Server.Native;

/// <summary>The native API's JSON: camelCase, and strict in what it reads.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(PeriodJson))]
[JsonSerializable(typeof(IssuerBody))]
[JsonSerializable(typeof(IssuerJson))]
[JsonSerializable(typeof(PageJson<IssuerJson>), TypeInfoPropertyName = "IssuerPage")]
[JsonSerializable(typeof(PlaceBody))]
[JsonSerializable(typeof(PlaceJson))]
[JsonSerializable(typeof(PageJson<PlaceJson>), TypeInfoPropertyName = "PlacePage")]
[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(UserJson))]
[JsonSerializable(typeof(PageJson<UserJson>), TypeInfoPropertyName = "UserPage")]
[JsonSerializable(typeof(BadgeBody))]
[JsonSerializable(typeof(BadgeJson))]
[JsonSerializable(typeof(PageJson<BadgeJson>), TypeInfoPropertyName = "BadgePage")]
[JsonSerializable(typeof(IconJson))]
[JsonSerializable(typeof(AwardBody))]
[JsonSerializable(typeof(PlacedAwardBody))]
[JsonSerializable(typeof(AwardJson))]
[JsonSerializable(typeof(AwardAnswerJson))]
[JsonSerializable(typeof(BatchItemJson[]), TypeInfoPropertyName = "BatchItems")]
[JsonSerializable(typeof(PageJson<AwardJson>), TypeInfoPropertyName = "AwardPage")]
[JsonSerializable(typeof(NoBody))]
[JsonSerializable(typeof(PointsBody))]
[JsonSerializable(typeof(PointsJson))]
[JsonSerializable(typeof(PointEntryJson))]
[JsonSerializable(typeof(PageJson<PointEntryJson>), TypeInfoPropertyName = "PointEntryPage")]
[JsonSerializable(typeof(LoginBody))]
[JsonSerializable(typeof(RefreshBody))]
[JsonSerializable(typeof(TokensJson))]
[JsonSerializable(typeof(SigningKeyJson))]
[JsonSerializable(typeof(KeyBody))]
[JsonSerializable(typeof(KeyJson))]
[JsonSerializable(typeof(NewKeyJson))]
[JsonSerializable(typeof(PageJson<KeyJson>), TypeInfoPropertyName = "KeyPage")]
[JsonSerializable(typeof(VisitBody))]
[JsonSerializable(typeof(ActionTypeBody))]
[JsonSerializable(typeof(ActionTypeJson))]
[JsonSerializable(typeof(PageJson<ActionTypeJson>), TypeInfoPropertyName = "ActionTypePage")]
[JsonSerializable(typeof(ActionBody))]
[JsonSerializable(typeof(ActionJson))]
[JsonSerializable(typeof(ActionAnswerJson))]
[JsonSerializable(typeof(ActionItemJson[]), TypeInfoPropertyName = "ActionItems")]
[JsonSerializable(typeof(RuleBody))]
[JsonSerializable(typeof(RuleJson))]
[JsonSerializable(typeof(FiledRule))]
[JsonSerializable(typeof(FiledRule[]))]
[JsonSerializable(typeof(PageJson<RuleJson>), TypeInfoPropertyName = "RulePage")]
[JsonSerializable(typeof(PageJson<RuleRevisionJson>), TypeInfoPropertyName = "RuleRevisionPage")]
[JsonSerializable(typeof(PageJson<ProgressJson>), TypeInfoPropertyName = "ProgressPage")]
[JsonSerializable(typeof(RuleWatchJson))]
[JsonSerializable(typeof(PreviewBody))]
[JsonSerializable(typeof(NewPreviewBody))]
[JsonSerializable(typeof(PreviewJson))]
[JsonSerializable(typeof(BackfillBody))]
[JsonSerializable(typeof(BackfillJson))]
[JsonSerializable(typeof(PageJson<BackfillJson>), TypeInfoPropertyName = "BackfillPage")]
[JsonSerializable(typeof(ExplanationJson))]
[JsonSerializable(typeof(StreamEventJson))]
[JsonSerializable(typeof(StreamResetJson))]
internal sealed partial class NativeJson : JsonSerializerContext
{
    public static NativeJson Strict { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        // Never inside HTML: texts of all scripts stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
