using System.Diagnostics;

namespace Laurel.Tests.Harness;

/// <summary>How long this process was kept from running: by a debugger, a busy machine, or whoever stopped it. A test that demands an
/// answer in time allows for that much more.</summary>
internal sealed class Stalls : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    // Beside a whole suite, a server waits for its turn where nobody sees it.
    private static readonly TimeSpan Slack =
        Environment.GetEnvironmentVariable("LAUREL_IN_TIME") is { Length: > 0 } ? TimeSpan.Zero : TimeSpan.FromSeconds(20);

    private readonly Thread _thread;
    private volatile bool _ended;
    private long _total;

    public Stalls()
    {
        _thread = new Thread(Watch) { Name = "stalls", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What a promised time may be asserted as: itself on a machine that does nothing else (tests/soak/in-time), much more in the
    /// suite, where only what hangs is to be found.</summary>
    public static TimeSpan Limit(TimeSpan promised) => promised + Slack;

    /// <summary>So far.</summary>
    public TimeSpan Total => new(Interlocked.Read(ref _total));

    public void Dispose()
    {
        _ended = true;
        _thread.Join();
    }

    private void Watch()
    {
        while (!_ended)
        {
            var asked = Stopwatch.GetTimestamp();
            Thread.Sleep(Step);
            Interlocked.Add(ref _total, Math.Max(0, (Stopwatch.GetElapsedTime(asked) - Step).Ticks));
        }
    }
}
