using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Laurel.Tests.Harness;

public enum Engine
{
    Sqlite,
    Postgres,

    /// <summary>With the growing tables partitioned by their distribution column, which refuses what Citus would refuse.</summary>
    PostgresPartitioned,
}

/// <summary>Runs a theory on every engine. Further values follow the engine: <c>[EveryEngine(1, 64)]</c> feeds
/// <c>(Engine engine, int callers, int rounds)</c>; put it twice for two sets of values.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class EveryEngineAttribute(params object?[] further) : DataAttribute
{
    /// <summary>Leaves only these, for behaviour that only they can have.</summary>
    public Engine[] Only { get; set; } = Enum.GetValues<Engine>();

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([.. Only.Select(engine => new TheoryDataRow([engine, .. further])
        {
            Skip = Skip ?? Requirement.SkipReason(TestDatabase.Missing(engine)),
            Explicit = ExplicitAsNullable,
            Timeout = TimeoutAsNullable,
        })]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
