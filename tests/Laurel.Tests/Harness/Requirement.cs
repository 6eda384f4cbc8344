using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>What a test does when something it needs is not on this machine: it shows as skipped with the reason;
/// under <c>LAUREL_TEST_REQUIRE_ALL=1</c> (as <c>./test</c> sets it) it runs and fails instead.</summary>
internal static class Requirement
{
    public static bool All { get; } = Environment.GetEnvironmentVariable("LAUREL_TEST_REQUIRE_ALL") == "1";

    /// <summary>The reason to put on a data row: null lets it run.</summary>
    public static string? SkipReason(string? missing) => All ? null : missing;

    /// <summary>For a test that learns only while running what is missing; null means nothing is.</summary>
    public static void Need(string? missing)
    {
        if (missing is null)
        {
            return;
        }

        if (All)
        {
            Assert.Fail(missing);
        }

        Assert.Skip(missing);
    }
}
