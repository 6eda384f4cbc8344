using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>Many things in one request: each row is its own, answered in its place, and harms no other.</summary>
internal static class Batch
{
    public const long BodyLimit = 16 << 20;

    private const int MaximumRows = 10_000;

    /// <summary>Does what the rows of a body ask.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="rows">Where they lie in it.</param>
    /// <param name="row">What each is.</param>
    /// <param name="refused">The answer of one that is not: code, detail and field.</param>
    /// <param name="run">Answers the others, in their order.</param>
    /// <param name="items">The answers.</param>
    public static async Task<NativeAnswer> Answer<TRow, TItem>(
        byte[] body, List<Range> rows, JsonTypeInfo<TRow> row, Func<string, string, string?, TItem> refused,
        Func<List<TRow>, Task<IReadOnlyList<TItem>>> run, JsonTypeInfo<TItem[]> items)
    {
        if (rows.Count > MaximumRows)
        {
            return NativeProblem.Of(StatusCodes.Status422UnprocessableEntity, "batch_too_long", "A batch has at most 10,000 rows.");
        }
        var answers = new TItem[rows.Count];
        var asked = new List<TRow>(rows.Count);
        var places = new List<int>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            try
            {
                asked.Add(Bodies.Parse(body.AsSpan(rows[i]), row));
                places.Add(i);
            }
            catch (BadRequestException bad)
            {
                answers[i] = refused("malformed", bad.Message, bad.Field);
            }
        }
        foreach (var (index, answer) in (await run(asked)).Index())
        {
            answers[places[index]] = answer;
        }
        return NativeAnswer.Ok(answers, items);
    }

    /// <summary>Whether JSON is an array, if it is anything.</summary>
    public static bool IsArray(ReadOnlySpan<byte> body) => body.TrimStart(" \t\r\n"u8) is [(byte)'[', ..];

    /// <summary>The rows of a body that is one array. A row may be any JSON: whether it is what it should be, it decides alone.</summary>
    /// <exception cref="BadRequestException">The body is not one array of JSON.</exception>
    public static List<Range> RowsOfArray(byte[] body)
    {
        var rows = new List<Range>();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = int.MaxValue });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                throw new BadRequestException("The body is an array.");
            }
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                rows.Add(start..(int)reader.BytesConsumed);
            }
            // What follows the array is read too: it must be nothing.
            reader.Read();
        }
        catch (JsonException)
        {
            throw new BadRequestException("The body is not one array of JSON.");
        }
        return rows;
    }

    /// <summary>The rows of a body of lines (NDJSON): those that are not blank.</summary>
    public static List<Range> RowsOfLines(byte[] body)
    {
        var rows = new List<Range>();
        for (var start = 0; start < body.Length;)
        {
            var end = Array.IndexOf(body, (byte)'\n', start) is >= 0 and var at ? at : body.Length;
            if (body.AsSpan(start..end).ContainsAnyExcept(" \t\r"u8))
            {
                rows.Add(start..end);
            }
            start = end + 1;
        }
        return rows;
    }
}
