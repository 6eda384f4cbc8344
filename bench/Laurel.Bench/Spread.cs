namespace Laurel.Bench;

/// <summary>One figure over all rounds.</summary>
internal sealed class Spread
{
    public Spread(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
            throw new ArgumentException("A spread needs a value.", nameof(values));
        Lowest = sorted[0];
        Highest = sorted[^1];
        Median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    public double Median { get; }

    public double Lowest { get; }

    public double Highest { get; }

    /// <summary>Median (lowest–highest).</summary>
    public string Text(string format) => Lowest == Highest
        ? Median.ToString(format)
        : $"{Median.ToString(format)} ({Lowest.ToString(format)}–{Highest.ToString(format)})";

    /// <summary>A ratio with as many digits as it takes to tell small ones apart.</summary>
    public string Ratio() => Text(Median < 0.1 ? "N3" : "N2");
}
