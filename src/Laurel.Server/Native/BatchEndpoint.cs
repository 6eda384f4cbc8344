using System.Text.Json;
using System.Text.Json.Serialization;
using Laurel.Core.Awards;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>Many awards in one request: each row is its own, answered in its place, and harms no other.</summary>
internal static class BatchEndpoint
{
    private const int MaximumRows = 10_000;
    private const long BodyLimit = 16 << 20;

    public static void MapBatch(this IEndpointRouteBuilder native) => native.Post("/awards/batch", Award, BodyLimit);

    private static async Task<NativeAnswer> Award(NativeCall call)
    {
        var body = await call.RawBody();
        var rows = Rows(body);
        if (rows.Count > MaximumRows)
        {
            return NativeProblem.Of(StatusCodes.Status422UnprocessableEntity, "batch_too_long", "A batch has at most 10,000 rows.");
        }
        var items = new BatchItemJson[rows.Count];
        var requests = new List<AwardRequest>(rows.Count);
        var places = new List<int>(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            try
            {
                requests.Add(Bodies.Parse(body.AsSpan(rows[i]), NativeJson.Strict.AwardBody).ToRequest());
                places.Add(i);
            }
            catch (BadRequestException bad)
            {
                items[i] = BatchItemJson.Refused("malformed", bad.Message, bad.Field);
            }
        }
        var outcomes = await call.Core.Awarding.AwardAll(requests, call.Caller, call.Aborted);
        await Tell(call, outcomes, places, items);
        return NativeAnswer.Ok(items, NativeJson.Strict.BatchItems);
    }

    private static async Task Tell(NativeCall call, IReadOnlyList<AwardOutcome?> outcomes, List<int> places, BatchItemJson[] items)
    {
        foreach (var some in Enumerable.Range(0, outcomes.Count).Chunk(1000))
        {
            var awards = some.Select(i => outcomes[i]?.Award).OfType<Award>().Distinct().ToList();
            var told = awards.Zip(await AwardJson.From(call, awards)).ToDictionary(pair => pair.First, pair => pair.Second);
            foreach (var i in some)
            {
                items[places[i]] = outcomes[i] switch
                {
                    null => BatchItemJson.Refused("unavailable", "Not stored; try this row again shortly.", null),
                    { Refusal: { } refusal } => BatchItemJson.Refused(refusal),
                    { } outcome => new BatchItemJson(outcome.Created ? "created" : "held", null, outcome.Award is { } award ? told[award] : null),
                };
            }
        }
    }

    /// <summary>Where the rows lie in a body that is one array. A row may be any JSON: whether it is an award, it decides alone.</summary>
    /// <exception cref="BadRequestException">The body is not one array of JSON.</exception>
    private static List<Range> Rows(byte[] body)
    {
        var rows = new List<Range>();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = int.MaxValue });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            {
                throw new BadRequestException("The body is an array of awards.");
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
}

/// <summary>What came of one row: <c>created</c>, <c>held</c>, or <c>refused</c> with the code that a single POST would have.</summary>
internal sealed record BatchItemJson(string Status, string? Code, AwardJson? Award)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Detail { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }

    public static BatchItemJson Refused(string code, string detail, string? field) => new("refused", code, null) { Detail = detail, Field = field };

    public static BatchItemJson Refused(AwardRefusal refusal)
    {
        var (_, code, detail, field) = NativeProblem.Words(refusal);
        return Refused(code, detail, field);
    }
}
