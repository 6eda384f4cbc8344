using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Laurel.Core;

/// <summary>Lengths of time as text: an ISO 8601 duration of whole days (of 24 hours), hours, minutes and seconds, at most eight
/// digits each, as <c>P7D</c> and <c>PT1H30M</c>. No weeks, months, years, fractions or signs.</summary>
public static partial class Duration
{
    private const long Minute = 60 * Clock.Second;
    private const long Hour = 60 * Minute;

    /// <summary>Its microseconds. Total: nothing throws.</summary>
    public static bool TryParse(string? text, out long micros)
    {
        micros = 0;
        if (text is null || Form().Match(text) is not { Success: true } match || text[^1] is 'P' or 'T')
        {
            return false;
        }
        micros = (Number(match, "d") * Clock.Day) + (Number(match, "h") * Hour) + (Number(match, "m") * Minute) + (Number(match, "s") * Clock.Second);
        return true;
    }

    private static long Number(Match match, string group) =>
        match.Groups[group] is { Success: true, ValueSpan: var digits } ? long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    /// <summary>In as large units as it fills: <c>P1DT12H</c>, and <c>PT0S</c> for none. Fractions of seconds are left out.</summary>
    public static string Format(long micros)
    {
        var text = new StringBuilder("P");
        Append(text, micros / Clock.Day, 'D');
        if (micros % Clock.Day >= Clock.Second || text.Length == 1)
        {
            text.Append('T');
            Append(text, micros % Clock.Day / Hour, 'H');
            Append(text, micros % Hour / Minute, 'M');
            Append(text, micros % Minute / Clock.Second, 'S');
        }
        return text[^1] == 'T' ? "PT0S" : text.ToString();
    }

    private static void Append(StringBuilder text, long number, char unit)
    {
        if (number > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{number}{unit}");
        }
    }

    [GeneratedRegex(@"^P((?<d>[0-9]{1,8})D)?(T((?<h>[0-9]{1,8})H)?((?<m>[0-9]{1,8})M)?((?<s>[0-9]{1,8})S)?)?\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
