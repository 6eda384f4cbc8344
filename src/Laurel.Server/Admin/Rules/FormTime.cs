using Laurel.Server.Native;

namespace Laurel.Server.Admin.Rules;

/// <summary>A time as browsers send it from a field for dates and times: without a zone, which is UTC, and as exact as such fields
/// are: minutes, seconds or milliseconds.</summary>
internal static class FormTime
{
    private const int Minutes = 16;
    private const int Milliseconds = 23;

    public static bool TryParse(string text, out Timestamp time)
    {
        time = default;
        return text.Length <= Milliseconds && Timestamp.TryParse($"{text}{(text.Length == Minutes ? ":00" : "")}Z", out time);
    }

    /// <summary>The time in a field, in microseconds since 1970 UTC; null, and an error, where it is none; null where it is empty.</summary>
    public static long? Read(AdminCall call, string name)
    {
        if (call.Form.Text(name) is not { } text)
        {
            return null;
        }
        if (TryParse(text, out var time))
        {
            return time.Micros;
        }
        call.Form.Wrong(name, call.Reader["admin.rules.time.wrong"]);
        return null;
    }
}
