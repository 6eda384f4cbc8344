using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Laurel.Core.Storage;

namespace Laurel.Server.Commands;

/// <summary><c>laurel doctor --json</c>.</summary>
internal sealed record DoctorJson(bool Clean, string Engine, long Awards, long Differences, IReadOnlyList<FindingJson> Findings)
{
    public static DoctorJson From(Diagnosis diagnosis) =>
        new(diagnosis.IsClean, diagnosis.Engine, diagnosis.Awards, diagnosis.Total, [.. diagnosis.Findings.Select(FindingJson.From)]);
}

/// <summary>One difference; kind is a <see cref="FindingKind"/> in camelCase.</summary>
internal sealed record FindingJson(string Kind, string What, string Expected, string Found)
{
    public static FindingJson From(Finding finding) =>
        new(JsonNamingPolicy.CamelCase.ConvertName(finding.Kind.ToString()), finding.What, finding.Expected, finding.Found);
}

/// <summary><c>laurel key create --json</c>. The secret is shown this once. Times in RFC 3339.</summary>
internal sealed record KeyJson(
    long Id, string Secret, long? UserId, IReadOnlyList<string>? Scopes, bool IsAdministrator, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <summary><c>laurel demo --json</c>; created is false where the demo was there already, and the counts are then left out.</summary>
internal sealed record DemoJson(bool Created, DemoCounts? Counts);

/// <summary>What the demo made, and in how many seconds.</summary>
internal sealed record DemoCounts(int Issuers, int Badges, int Users, int Awards, int Visits, double Seconds);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DoctorJson))]
[JsonSerializable(typeof(KeyJson))]
[JsonSerializable(typeof(DemoJson))]
[JsonSerializable(typeof(RulesJson))]
[JsonSerializable(typeof(BackupJson))]
[JsonSerializable(typeof(VerifiedJson))]
[JsonSerializable(typeof(RestoredJson))]
[JsonSerializable(typeof(ExportJson))]
[JsonSerializable(typeof(MigrateJson))]
internal sealed partial class CommandJson : JsonSerializerContext
{
    public static void Write<T>(TextWriter output, T value, JsonTypeInfo<T> type) => output.WriteLine(JsonSerializer.Serialize(value, type));
}
