using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>Runs random cases. A failure prints its seed and the shrunk case; to run it again, set LAUREL_TEST_REPLAY to the seed,
/// as <c>123,457</c>.</summary>
internal static class RandomCases
{
    public static Task Check<T>(int cases, Arbitrary<T> arbitrary, Func<T, Task> play)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(cases);
        if (Environment.GetEnvironmentVariable("LAUREL_TEST_REPLAY") is { Length: > 0 } replay)
        {
            var numbers = replay.Split(',').Select(ulong.Parse).ToArray();
            config = config.WithReplay(numbers[0], numbers[1]);
        }
        return Task.Run(() => FsCheck.Check.One(config, Prop.ForAll(arbitrary, each => play(each).GetAwaiter().GetResult())), TestContext.Current.CancellationToken);
    }
}
