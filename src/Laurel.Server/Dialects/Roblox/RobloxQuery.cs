using System.Text.Json.Serialization;
using Laurel.Core;
using Laurel.Server.Http;
using Microsoft.Extensions.Primitives;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>What a query string or form may hold.</summary>
internal static class RobloxQuery
{
    /// <summary>What every reading call refuses, whatever it asks for.</summary>
    /// <exception cref="BadRequestException">A key or value that no text may be, or several credentials.</exception>
    public static void Check(HttpRequest request)
    {
        Credential.RefuseSeveral(request);
        QueryTexts.Check(request);
    }

    /// <summary>A form's value: null when it is absent.</summary>
    /// <exception cref="BadRequestException">No text may be that.</exception>
    public static string? Text(StringValues values)
    {
        if (values.Count == 0)
        {
            return null;
        }
        var text = values.ToString();
        return TextRules.IsStorable(text) ? text : throw QueryTexts.NotText;
    }
}

/// <summary>The bodies this dialect reads. Unknown members are ignored, as the original does.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(EditJson))]
internal sealed partial class RobloxWire : JsonSerializerContext;
