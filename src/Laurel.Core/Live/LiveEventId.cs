using System.Globalization;

namespace Laurel.Core.Live;

/// <summary>The id of an event for ever, and a place in the stream: behind that event. Written as <c>number-index</c>, or as
/// <c>number</c> for the place behind a whole row.</summary>
/// <param name="Number">Of the outbox row in the stream.</param>
/// <param name="Index">Among the row's events, or <see cref="WholeRow"/>.</param>
public readonly record struct LiveEventId(long Number, int Index) : IComparable<LiveEventId>
{
    private const int WholeRow = int.MaxValue;

    // Of an Int64 and an Int32, with the sign between them.
    private const int MaximumLength = 30;

    /// <summary>The place behind all events of a row.</summary>
    public static LiveEventId Behind(long number) => new(number, WholeRow);

    /// <summary>Whether it is a place behind a whole row, and the id of no event.</summary>
    public bool IsBehindRow => Index == WholeRow;

    /// <summary>The row that has the next event, if it has one.</summary>
    internal long NextRow => IsBehindRow ? Number + 1 : Number;

    /// <summary>Total: whatever is not written as an id is none.</summary>
    public static bool TryParse(string? text, out LiveEventId id)
    {
        id = default;
        if (text is null or { Length: > MaximumLength })
        {
            return false;
        }
        var sign = text.IndexOf('-', StringComparison.Ordinal);
        var index = (long)WholeRow;
        if (!TextRules.TryCanonicalId(sign < 0 ? text : text[..sign], out var number)
            || (sign >= 0 && (!TextRules.TryCanonicalId(text[(sign + 1)..], out index) || index >= WholeRow)))
        {
            return false;
        }
        id = new LiveEventId(number, (int)index);
        return true;
    }

    public int CompareTo(LiveEventId other) => Number != other.Number ? Number.CompareTo(other.Number) : Index.CompareTo(other.Index);

    public static bool operator <(LiveEventId left, LiveEventId right) => left.CompareTo(right) < 0;

    public static bool operator >(LiveEventId left, LiveEventId right) => left.CompareTo(right) > 0;

    public static bool operator <=(LiveEventId left, LiveEventId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LiveEventId left, LiveEventId right) => left.CompareTo(right) >= 0;

    public override string ToString() => IsBehindRow
        ? Number.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Number}-{Index}");
}
