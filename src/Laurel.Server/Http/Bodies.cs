using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Laurel.Server.Http;

/// <summary>Request bodies: read whole within the limit, and as strict JSON.</summary>
internal static class Bodies
{
    public const long Limit = 1 << 20;
    private const int MaximumDepth = 64;

    /// <summary>The whole body.</summary>
    /// <exception cref="BadHttpRequestException">Larger than the endpoint's limit (413), or cut off.</exception>
    public static async ValueTask<byte[]> Read(HttpRequest request, CancellationToken ct)
    {
        if (request.ContentLength == 0)
        {
            return [];
        }
        var reader = request.BodyReader;
        while (true)
        {
            var read = await Readable(reader.ReadAsync(ct), request);
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>A form, URL-encoded or of several parts.</summary>
    /// <exception cref="BadHttpRequestException">Larger than the endpoint's limit (413), or cut off.</exception>
    /// <exception cref="BadRequestException">It is malformed or has too many fields, or its character set is not known (415).</exception>
    public static async ValueTask<IFormCollection> ReadForm(HttpRequest request, CancellationToken ct)
    {
        try
        {
            return await Readable(new ValueTask<IFormCollection>(request.ReadFormAsync(ct)), request);
        }
        catch (InvalidDataException)
        {
            throw new BadRequestException("The form is not understood.");
        }
        catch (NotSupportedException)
        {
            // A character set that .NET refuses to decode, such as UTF-7.
            throw new BadRequestException("The form's character set is not supported.", StatusCodes.Status415UnsupportedMediaType);
        }
    }

    // The size of a chunk that fits no number is no bad request to the server below, but a failure to read.
    private static async ValueTask<T> Readable<T>(ValueTask<T> reading, HttpRequest request)
    {
        try
        {
            return await reading;
        }
        catch (IOException failure) when (failure is not BadHttpRequestException && !request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new BadRequestException("The body cannot be read.");
        }
    }

    /// <summary>A value from JSON whose form is exactly the type's: no unknown or repeated member, no null or absence where the type
    /// has none, no NUL or lone surrogate in any text.</summary>
    /// <exception cref="BadRequestException">It is not.</exception>
    public static T Parse<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
    {
        CheckTexts(json);
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new BadRequestException("The body is null.");
        }
        catch (JsonException malformed)
        {
            throw Malformed(malformed);
        }
    }

    /// <summary>Whether the bytes are one JSON value all of whose texts can be stored.</summary>
    /// <exception cref="BadRequestException">They are not.</exception>
    public static void CheckTexts(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !IsStorable(ref reader))
                {
                    throw new BadRequestException("A text holds NUL or half of a surrogate pair.");
                }
            }
        }
        catch (JsonException malformed)
        {
            throw Malformed(malformed);
        }
    }

    private static BadRequestException Malformed(JsonException malformed) =>
        new(Explain(malformed), field: malformed.Path is { Length: > 2 } path ? path[2..] : null);

    private static bool IsStorable(ref Utf8JsonReader reader)
    {
        try
        {
            return !reader.ValueIsEscaped
                ? Encoding.UTF8.GetCharCount(reader.ValueSpan) >= 0 && IsUtf8(reader.ValueSpan)
                : reader.GetString() is { } text && !text.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            // The reader's word for bytes or escapes that are no text.
            return false;
        }
    }

    private static bool IsUtf8(ReadOnlySpan<byte> bytes) => System.Text.Unicode.Utf8.IsValid(bytes);

    // "… was missing required properties including: 'name', 'texts'."
    private static string Named(string message) => message[(message.IndexOf("including: ", StringComparison.Ordinal) is >= 0 and var at ? at + 11 : 0)..];

    // The library's own words, without the type names it knows.
    private static string Explain(JsonException malformed)
    {
        var where = malformed.Path is { Length: > 1 } path ? $" at {path}" : "";
        var line = malformed.LineNumber is { } number ? $" (line {number + 1}, byte {malformed.BytePositionInLine})" : "";
        return malformed.Message switch
        {
            var message when message.Contains("could not be mapped", StringComparison.Ordinal) => $"Unknown member{where}{line}.",
            var message when message.Contains("uplicate", StringComparison.Ordinal) => $"Repeated member{where}{line}.",
            var message when message.Contains("missing required", StringComparison.Ordinal) => $"A required member is missing{where}: {Named(message)}",
            var message when message.Contains("null", StringComparison.Ordinal) => $"Null where a value is required{where}{line}.",
            var message when message.Contains("could not be converted", StringComparison.Ordinal) => $"A value of the wrong type{where}{line}.",
            _ => $"The body is not JSON of the expected form{where}{line}.",
        };
    }
}
