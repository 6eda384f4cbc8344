namespace Laurel.Core;

/// <summary>Times as the ledger keeps them: microseconds since 1970 UTC.</summary>
public static class Clock
{
    public const long Second = 1_000_000;
    public const long Day = 86_400 * Second;

    /// <summary>Five minutes: the grain of the past day's statistics.</summary>
    public const long Bucket = 300 * Second;

    /// <summary>The latest instant .NET can print: the end of the year 9999.</summary>
    public const long Latest = 253_402_300_799_999_999;

    public static long Micros(this TimeProvider time) => FromTime(time.GetUtcNow());

    public static long FromTime(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset ToTime(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    public static long DayOf(long micros) => Math.DivRem(micros, Day, out var rest) - (rest < 0 ? 1 : 0);

    public static long BucketOf(long micros) => Math.DivRem(micros, Bucket, out var rest) - (rest < 0 ? 1 : 0);
}
