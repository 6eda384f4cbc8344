namespace Laurel.Server.Commands.Demo;

/// <summary>Numbers that look random and follow from a seed alone (SplitMix64). Never for secrets.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>From 0 up to, without, 1.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>From 0 up to, without, <paramref name="end"/>.</summary>
    public int Below(int end) => (int)(Unit() * end);

    public T Of<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>A place in a list of ascending sums, each place as likely as it adds.</summary>
    public int Weighted(double[] sums)
    {
        var found = Array.BinarySearch(sums, Unit() * sums[^1]);
        return Math.Min(found < 0 ? ~found : found + 1, sums.Length - 1);
    }

    /// <summary>The ascending sums of weights.</summary>
    public static double[] Sums(IEnumerable<double> weights)
    {
        var sum = 0.0;
        return [.. weights.Select(weight => sum += weight)];
    }

    private ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
