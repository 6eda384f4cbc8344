using System.Buffers.Binary;
using System.Text.Json.Serialization.Metadata;
using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Server.Http;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Native;

/// <summary>One authenticated request, with words to read it. A body that cannot be read throws <see cref="BadRequestException"/>,
/// anything else <see cref="InvalidParameterException"/>.</summary>
internal sealed class NativeCall(HttpContext http, LaurelCore core, Caller caller)
{
    private const int DefaultLimit = 100;
    private const int MaximumLimit = 1000;

    private byte[]? _body;

    public HttpContext Http => http;

    public LaurelCore Core => core;

    public Caller Caller => caller;

    /// <summary>Says who is asking, where that is no key of the native API's.</summary>
    public Func<ValueTask<Caller?>>? AskedBy { get; init; }

    /// <summary>The caller as of now, where an answer lasts: null once the credential is good no longer.</summary>
    public ValueTask<Caller?> CallerNow() => AskedBy is null ? NativeRoutes.Authenticate(http.Request, core) : AskedBy();

    /// <summary>Ends when the caller hangs up.</summary>
    public CancellationToken Aborted { get; set; } = http.RequestAborted;

    /// <summary>Whether the body may be lines of JSON too.</summary>
    public bool TakesLines { get; init; }

    /// <summary>Whether the body is lines of JSON.</summary>
    public bool IsLines => TakesLines && IsOf(http.Request, "x-ndjson", orSuffix: false);

    /// <summary><c>If-None-Match: *</c>: a PUT that must not replace.</summary>
    public bool CreateOnly => http.Request.Headers.IfNoneMatch is ["*"];

    /// <summary>An id in the path: digits, without sign and leading zero.</summary>
    public long Id(string name = "id") => TextRules.TryCanonicalId(http.Request.RouteValues[name] as string, out var id)
        ? id
        : throw new InvalidParameterException(name, "An id is a number of 1 to 2^53 - 1.");

    public async Task<T> Body<T>(JsonTypeInfo<T> type) => Bodies.Parse(await RawBody(), type);

    /// <summary>For calls that say everything in their path: the body is empty, or <c>{}</c>.</summary>
    public async ValueTask NoBody()
    {
        if ((await RawBody()).Length > 0)
        {
            _ = await Body(NativeJson.Strict.NoBody);
        }
    }

    /// <summary>The body's bytes, which claim to be JSON.</summary>
    public async Task<byte[]> RawBody()
    {
        if (_body is null)
        {
            if (!IsOf(http.Request, "json", orSuffix: true) && !IsLines)
            {
                throw new BadRequestException(
                    $"The body's media type is application/json{(TakesLines ? " or application/x-ndjson" : "")}, in UTF-8.",
                    StatusCodes.Status415UnsupportedMediaType);
            }
            _body = await Bodies.Read(http.Request, Aborted);
        }
        return _body;
    }

    /// <summary>The body's bytes, whatever it claims to be.</summary>
    public ValueTask<byte[]> Bytes() => Bodies.Read(http.Request, Aborted);

    private static bool IsOf(HttpRequest request, string name, bool orSuffix) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            ? type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
                && (type.SubType.Equals(name, StringComparison.OrdinalIgnoreCase) || (orSuffix && type.Suffix.Equals(name, StringComparison.OrdinalIgnoreCase)))
                && (type.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            : orSuffix && string.IsNullOrEmpty(request.ContentType) && request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0;

    /// <summary>A query parameter; null when absent.</summary>
    public string? Query(string name)
    {
        var values = http.Request.Query[name];
        return values.Count <= 1 ? values : throw new InvalidParameterException(name, "Give it once.");
    }

    /// <summary>A query parameter that is an id; null when absent.</summary>
    public long? QueryId(string name) => Query(name) is not { } text ? null
        : TextRules.TryCanonicalId(text, out var id) ? id
        : throw new InvalidParameterException(name, "An id is a number of 1 to 2^53 - 1.");

    /// <summary>How long a page may be.</summary>
    public int Limit() => Query("limit") is not { } text ? DefaultLimit
        : TextRules.TryCanonicalId(text, out var limit) && limit is >= 1 and <= MaximumLimit ? (int)limit
        : throw new InvalidParameterException("limit", "A limit is 1 to 1000.");

    /// <summary>Where the page begins, as <see cref="Seal"/> wrote it; null for the first page.</summary>
    /// <param name="list">Which list, of whom, filtered how: a cursor is good for its own list only.</param>
    public byte[]? Cursor(string list)
    {
        if (Query("cursor") is not { } cursor)
        {
            return null;
        }
        Span<byte> payload = stackalloc byte[SignedTokens.MaxPayload];
        return core.Tokens.TryOpen(cursor, list, payload, out var length)
            ? payload[..length].ToArray()
            : throw new InvalidParameterException("cursor", "Not a cursor of this list.");
    }

    public string Seal(ReadOnlySpan<byte> position, string list) => core.Tokens.Seal(position, list);

    /// <summary>A page of a list that goes by id.</summary>
    /// <param name="list">See <see cref="Cursor"/>.</param>
    /// <param name="read">At most so many things behind an id.</param>
    public async Task<NativeAnswer> PageById<TThing, TJson>(
        string list, Func<long, int, ValueTask<IReadOnlyList<TThing>>> read, Func<TThing, long> id, Func<TThing, ValueTask<TJson>> json,
        JsonTypeInfo<PageJson<TJson>> type)
    {
        var limit = Limit();
        return await Page(list, limit, await read(After(list) ?? 0, limit + 1), id, json, type);
    }

    /// <summary>The same of a list that not everybody may read.</summary>
    /// <param name="list">See <see cref="Cursor"/>.</param>
    /// <param name="read">At most so many things behind a number; null for the first page.</param>
    public async Task<NativeAnswer> PageIfAllowed<TThing, TJson>(
        string list, Func<long?, int, ValueTask<Outcome<List<TThing>>>> read, Func<TThing, long> id, Func<TThing, TJson> json,
        JsonTypeInfo<PageJson<TJson>> type)
    {
        var limit = Limit();
        return (await read(After(list), limit + 1)).Succeeded(out var things, out var refusal)
            ? await Page(list, limit, things, id, thing => ValueTask.FromResult(json(thing)), type)
            : NativeProblem.OfPath(refusal);
    }

    private long? After(string list) => Cursor(list) is { } cursor ? BinaryPrimitives.ReadInt64BigEndian(cursor) : null;

    private async Task<NativeAnswer> Page<TThing, TJson>(
        string list, int limit, IReadOnlyList<TThing> things, Func<TThing, long> id, Func<TThing, ValueTask<TJson>> json, JsonTypeInfo<PageJson<TJson>> type)
    {
        var items = new List<TJson>(limit);
        foreach (var thing in things.Take(limit))
        {
            items.Add(await json(thing));
        }
        return NativeAnswer.Ok(new PageJson<TJson>(items, things.Count > limit ? SealId(id(things[limit - 1]), list) : null), type);
    }

    private string SealId(long id, string list)
    {
        Span<byte> position = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(position, id);
        return Seal(position, list);
    }
}

/// <summary>A part of the path, the query or a header that cannot be what it should be.</summary>
internal sealed class InvalidParameterException(string name, string message) : Exception(message)
{
    public string Name { get; } = name;
}

/// <summary>A body without members.</summary>
internal sealed class NoBody;

/// <summary>A page: <c>next</c> is the cursor of the page behind it, null at the end.</summary>
internal sealed record PageJson<T>(IReadOnlyList<T> Items, string? Next);
