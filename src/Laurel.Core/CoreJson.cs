using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core.Badges;
using Laurel.Core.Rules;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core;

/// <summary>The JSON kept inside columns: small lists and texts that are never searched by the database.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(long[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(BadgeLines))]
[JsonSerializable(typeof(UserProfile))]
[JsonSerializable(typeof(RuleDraft))]
[JsonSerializable(typeof(BackupFacts))]
internal sealed partial class CoreJson : JsonSerializerContext
{
    // Not for HTML: Arabic stays readable, and short, in the database.
    public static CoreJson Stored { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
