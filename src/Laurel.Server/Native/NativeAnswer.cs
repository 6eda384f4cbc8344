using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Laurel.Server.Native;

/// <summary>An answer, whole before its first byte is sent, so that it can be kept and given again.</summary>
internal sealed record NativeAnswer(int Status, string? ContentType, byte[] Body)
{
    public const string Replayed = "Idempotency-Replayed";

    public static readonly NativeAnswer NoContent = new(StatusCodes.Status204NoContent, null, []);

    /// <summary>An answer without an end, which has been written.</summary>
    public static readonly NativeAnswer Streamed = new(StatusCodes.Status200OK, null, []);

    /// <summary>What a repetition of the request is answered with, where that is not the answer itself.</summary>
    public byte[]? Kept { get; init; }

    public bool IsReplay { get; init; }

    public static NativeAnswer Json<T>(int status, T value, JsonTypeInfo<T> type) =>
        new(status, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    public static NativeAnswer Ok<T>(T value, JsonTypeInfo<T> type) => Json(StatusCodes.Status200OK, value, type);

    public static NativeAnswer Created<T>(T value, JsonTypeInfo<T> type) => Json(StatusCodes.Status201Created, value, type);

    /// <summary>201 where a PUT made it, 200 where it replaced it.</summary>
    public static NativeAnswer Stored<T>(bool created, T value, JsonTypeInfo<T> type) => created ? Created(value, type) : Ok(value, type);

    public async Task Write(HttpContext context)
    {
        if (ReferenceEquals(this, Streamed))
        {
            return;
        }
        var response = context.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        if (Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }
        if (IsReplay)
        {
            response.Headers[Replayed] = "true";
        }
        if (Status == StatusCodes.Status204NoContent)
        {
            return;
        }
        response.ContentType = ContentType;
        response.ContentLength = Body.Length;
        await response.Body.WriteAsync(Body, context.RequestAborted);
    }
}
