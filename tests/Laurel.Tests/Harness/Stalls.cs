using System.Diagnostics;

namespace Laurel.Tests.Harness;

/// <summary>How long this process was kept from running: by a debugger, a busy machine, or whoever stopped it. A test that demands an
/// answer in time allows for that much more.</summary>
internal sealed class Stalls : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private readonly Thread _thread;
    private volatile bool _ended;
    private long _total;

    public Stalls()
    {
        _thread = new Thread(Watch) { Name = "stalls", IsBackground = true };
        _thread.Start();
    }

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
