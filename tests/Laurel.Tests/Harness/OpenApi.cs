using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;

namespace Laurel.Tests.Harness;

/// <summary>An OpenAPI 3.1 document, and whether answers are as it says. Knows the part of JSON Schema that our documents use,
/// and throws at any other keyword: nothing goes unchecked.</summary>
internal sealed class OpenApi(JsonElement document)
{
    private static readonly HashSet<string> Described = ["description", "format", "default", "title", "example"];

    public JsonElement Document => document;

    public static OpenApi Parse(string json) => new(JsonElement.Parse(json));

    /// <summary>As <c>GET /v1/badges/{badgeId}</c>.</summary>
    public IEnumerable<string> Operations =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select $"{operation.Name.ToUpperInvariant()} {path.Name}";

    /// <summary>What a server has mapped that this document of its is to describe.</summary>
    public static IEnumerable<string> Mapped(TestServer server, string document) =>
        from endpoint in server.Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<IEndpointGroupNameMetadata>()?.EndpointGroupName == document
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select $"{method} {endpoint.RoutePattern.RawText}";

    public JsonElement Operation(string name)
    {
        var parts = name.Split(' ');
        return document.GetProperty("paths").GetProperty(parts[1]).GetProperty(parts[0].ToLowerInvariant());
    }

    /// <summary>What an answer has that the document does not allow; null if it is as documented.</summary>
    public string? Differs(string operation, int status, string? type, string body)
    {
        if (!Operation(operation).GetProperty("responses").TryGetProperty($"{status}", out var response))
        {
            return $"{status} is not documented";
        }
        response = Resolve(response);
        if (!response.TryGetProperty("content", out var content))
        {
            return body.Length == 0 ? null : "a body where none is documented";
        }
        return content.TryGetProperty(type?.Split(';')[0] ?? "", out var media)
            ? Differs(media.GetProperty("schema"), JsonElement.Parse(body), "$")
            : $"{type} is not documented";
    }

    /// <summary>What a request's JSON has that the document does not allow; null if it is as documented.</summary>
    public string? RequestDiffers(string operation, string body) =>
        Differs(Operation(operation).GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema"), JsonElement.Parse(body), "$");

    public JsonElement Resolve(JsonElement element)
    {
        while (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out var reference))
        {
            element = document;
            foreach (var part in reference.GetString()!.Split('/').Skip(1))
            {
                element = element.GetProperty(part);
            }
        }
        return element;
    }

    private string? Differs(JsonElement schema, JsonElement value, string at)
    {
        schema = Resolve(schema);
        foreach (var keyword in schema.EnumerateObject())
        {
            if (Check(schema, keyword.Name, keyword.Value, value, at) is { } difference)
            {
                return difference;
            }
        }
        return null;
    }

    private string? Check(JsonElement schema, string keyword, JsonElement rule, JsonElement value, string at) => keyword switch
    {
        "type" => (rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(rule.GetString()!, value))
            ? null : $"{at} is {value.ValueKind}, not {rule}",
        "const" => JsonElement.DeepEquals(rule, value) ? null : $"{at} is {value}, not {rule}",
        "enum" => rule.EnumerateArray().Any(each => JsonElement.DeepEquals(each, value)) ? null : $"{at} is {value}, none of {rule}",
        "required" => value.ValueKind == JsonValueKind.Object && rule.EnumerateArray().Select(name => name.GetString()!).FirstOrDefault(name => !value.TryGetProperty(name, out _)) is { } missing
            ? $"{at}.{missing} is missing" : null,
        "properties" => Members(value).Select(member =>
            rule.TryGetProperty(member.Name, out var inner) ? Differs(inner, member.Value, $"{at}.{member.Name}") : null).FirstOrDefault(found => found is not null),
        "additionalProperties" => Members(value).Where(member => !schema.TryGetProperty("properties", out var named) || !named.TryGetProperty(member.Name, out _))
            .Select(member => rule.ValueKind switch
            {
                JsonValueKind.True => null,
                JsonValueKind.False => $"{at}.{member.Name} is not documented",
                _ => Differs(rule, member.Value, $"{at}.{member.Name}"),
            }).FirstOrDefault(found => found is not null),
        "items" => Items(value).Select((item, i) => Differs(rule, item, $"{at}[{i}]")).FirstOrDefault(found => found is not null),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= rule.GetInt32() ? null : $"{at} is too short",
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= rule.GetInt32() ? null : $"{at} is too long",
        "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= rule.GetInt32() ? null : $"{at} is too short",
        "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= rule.GetInt32() ? null : $"{at} is too long",
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= rule.GetDouble() ? null : $"{at} is too small",
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= rule.GetDouble() ? null : $"{at} is too large",
        "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, rule.GetString()!, RegexOptions.NonBacktracking) ? null : $"{at} is {value}",
        "allOf" => rule.EnumerateArray().Select(one => Differs(one, value, at)).FirstOrDefault(found => found is not null),
        "oneOf" => rule.EnumerateArray().Select(one => Differs(one, value, at)).ToList() is var found && found.Count(one => one is null) == 1
            ? null : $"{at} matches {found.Count(one => one is null)} of: {string.Join("; ", found)}",
        _ => Described.Contains(keyword) ? null : throw new NotSupportedException($"{keyword} at {at}"),
    };

    private static IEnumerable<JsonProperty> Members(JsonElement value) => value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : [];

    private static IEnumerable<JsonElement> Items(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new NotSupportedException(type),
    };

    /// <summary>What is wrong with the document itself, by the structure that OpenAPI 3.1 prescribes.</summary>
    public IEnumerable<string> Faults()
    {
        if (!document.GetProperty("openapi").GetString()!.StartsWith("3.1.", StringComparison.Ordinal))
        {
            yield return "openapi is not 3.1";
        }
        foreach (var name in new[] { "title", "version" })
        {
            if (!document.GetProperty("info").TryGetProperty(name, out _))
            {
                yield return $"info.{name} is missing";
            }
        }
        foreach (var reference in References(document).Where(reference => !Leads(reference)).Distinct())
        {
            yield return $"{reference} leads nowhere";
        }
        foreach (var media in Media(document))
        {
            foreach (var example in Examples(media))
            {
                if (Differs(media.GetProperty("schema"), example, "$") is { } difference)
                {
                    yield return $"an example: {difference}: {example}";
                }
            }
        }
        foreach (var scheme in Schemes(document).Where(scheme => !IsScheme(scheme)))
        {
            yield return $"security scheme {scheme}";
        }
        var ids = new HashSet<string>();
        foreach (var name in Operations)
        {
            var operation = Operation(name);
            if (!ids.Add(operation.GetProperty("operationId").GetString()!))
            {
                yield return $"{name}: operationId is not unique";
            }
            var parameters = operation.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(Resolve).ToList() : [];
            var inPath = parameters.Where(each => each.GetProperty("in").GetString() == "path").ToList();
            if (!inPath.Select(each => "{" + each.GetProperty("name").GetString() + "}").Order().SequenceEqual(Regex.Matches(name, "\\{[^}]+\\}", RegexOptions.NonBacktracking).Select(match => match.Value).Order())
                || inPath.Any(each => !each.GetProperty("required").GetBoolean()))
            {
                yield return $"{name}: its path's parameters are not those it describes";
            }
            foreach (var response in operation.GetProperty("responses").EnumerateObject())
            {
                if (!Regex.IsMatch(response.Name, "^[1-5]\\d\\d$", RegexOptions.NonBacktracking) || !Resolve(response.Value).TryGetProperty("description", out _))
                {
                    yield return $"{name}: response {response.Name}";
                }
            }
            foreach (var scheme in Schemes(operation).Where(scheme => !IsScheme(scheme)))
            {
                yield return $"{name}: security scheme {scheme}";
            }
        }
    }

    private bool IsScheme(string name) => document.GetProperty("components").GetProperty("securitySchemes").TryGetProperty(name, out _);

    // Every media type of a request or a response.
    private static IEnumerable<JsonElement> Media(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member.Name == "content" && member.Value.ValueKind == JsonValueKind.Object
            ? member.Value.EnumerateObject().Select(type => type.Value).Where(type => type.ValueKind == JsonValueKind.Object && type.TryGetProperty("schema", out _))
            : Media(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Media),
        _ => [],
    };

    private static IEnumerable<JsonElement> Examples(JsonElement media)
    {
        var one = media.TryGetProperty("example", out var example) ? [example] : Enumerable.Empty<JsonElement>();
        return media.TryGetProperty("examples", out var several) ? one.Concat(several.EnumerateObject().Select(each => each.Value.GetProperty("value"))) : one;
    }

    private static IEnumerable<string> Schemes(JsonElement operation) => operation.TryGetProperty("security", out var security)
        ? security.EnumerateArray().SelectMany(each => each.EnumerateObject().Select(scheme => scheme.Name))
        : [];

    private bool Leads(string reference)
    {
        var element = document;
        return reference.StartsWith("#/", StringComparison.Ordinal)
            && reference.Split('/').Skip(1).All(part => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(part, out element));
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.Name == "$ref" && member.Value.ValueKind == JsonValueKind.String ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
