using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>What a test does when this machine lacks something it needs.</summary>
internal static class Missing
{
    /// <summary>Skips the running test and says why. With <c>LAUREL_TEST_REQUIRE_ALL=1</c>, as <c>./test</c> sets it,
    /// fails it: there everything has been installed.</summary>
    [DoesNotReturn]
    public static void Skip(string reason)
    {
        if (Environment.GetEnvironmentVariable("LAUREL_TEST_REQUIRE_ALL") == "1")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }
}
