using System.Text.Json.Serialization;
using Laurel.Core.Awards;

namespace Laurel.Server.Native;

/// <summary>Many awards in one request.</summary>
internal static class BatchEndpoint
{
    public static void MapBatch(this IEndpointRouteBuilder native) => native.Post("/awards/batch", Award, Batch.BodyLimit);

    private static async Task<NativeAnswer> Award(NativeCall call)
    {
        var body = await call.RawBody();
        return await Batch.Answer(
            body, Batch.RowsOfArray(body), NativeJson.Strict.AwardBody, BatchItemJson.Refused, rows => Award(call, rows), NativeJson.Strict.BatchItems);
    }

    private static async Task<IReadOnlyList<BatchItemJson>> Award(NativeCall call, List<AwardBody> rows)
    {
        var outcomes = await call.Core.Awarding.AwardAll([.. rows.Select(row => row.ToRequest())], call.Caller, call.Aborted);
        var items = new List<BatchItemJson>(outcomes.Count);
        foreach (var some in outcomes.Chunk(1000))
        {
            var awards = some.Select(outcome => outcome?.Award).OfType<Award>().Distinct().ToList();
            var told = awards.Zip(await AwardJson.From(call, awards)).ToDictionary(pair => pair.First, pair => pair.Second);
            items.AddRange(some.Select(outcome => outcome switch
            {
                null => BatchItemJson.Refused("unavailable", "Not stored; try this row again shortly.", null),
                { Refusal: { } refusal } => BatchItemJson.Refused(refusal),
                { } known => new BatchItemJson(known.Created ? "created" : "held", null, known.Award is { } award ? told[award] : null),
            }));
        }
        return items;
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
