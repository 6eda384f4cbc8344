namespace Laurel.Core.Storage;

/// <summary>Progress of a part as progress of the whole, in hundredths.</summary>
internal sealed class Percent : IProgress<long>
{
    private readonly IProgress<long> _whole;
    private readonly long _from;
    private readonly long _to;
    private readonly long _maximum;

    private Percent(IProgress<long> whole, long from, long to, long maximum) => (_whole, _from, _to, _maximum) = (whole, from, to, maximum);

    /// <param name="whole">Who is told; null for nobody.</param>
    /// <param name="from">Hundredths when the part begins.</param>
    /// <param name="to">Hundredths when it ends.</param>
    /// <param name="maximum">What the part reports when all of it is done.</param>
    public static IProgress<long>? Of(IProgress<long>? whole, long from, long to, long maximum = 100) =>
        whole is null ? null : new Percent(whole, from, to, Math.Max(1, maximum));

    public void Report(long value) => _whole.Report(_from + ((_to - _from) * Math.Clamp(value, 0, _maximum) / _maximum));
}
