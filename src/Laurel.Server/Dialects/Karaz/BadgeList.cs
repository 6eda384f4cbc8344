using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>A badge of a list; <paramref name="Held"/> is null where the user never obtained it.</summary>
internal readonly record struct BadgeItem(BadgeView View, AwardTimes? Held);

/// <summary>Writes a list. Its length is known before its first byte, so that however many times somebody obtained a badge, it goes
/// out piece by piece.</summary>
internal static class BadgeList
{
    private const int TimeLength = 19;
    private const int QuotedTime = TimeLength + 3;
    private const int Piece = 32 * 1024;

    private static ReadOnlySpan<byte> Beginning => "{\"data\":["u8;

    private static ReadOnlySpan<byte> End => "],\"status\":\"success\"}"u8;

    private static ReadOnlySpan<byte> Id => "{\"I\":"u8;

    private static ReadOnlySpan<byte> Times => ",\"all_achievement_times\":["u8;

    private static ReadOnlySpan<byte> Count => "],\"badge_count\":"u8;

    public static async Task Write(HttpContext context, List<BadgeItem> items, LocalDates dates)
    {
        KarazJson.Begin(context.Response, Length(items, dates));
        var body = new Body(context.Response.BodyWriter);
        body.Write(Beginning);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }
            if (items[i].Held is { } held)
            {
                await Write(body, items[i].View, held, dates, context.RequestAborted);
            }
            else
            {
                body.Write(items[i].View.Never);
            }
            if (body.IsFull)
            {
                await body.Flush(context.RequestAborted);
            }
        }
        body.Write(End);
        await body.Flush(context.RequestAborted);
    }

    private static async ValueTask Write(Body body, BadgeView view, AwardTimes held, LocalDates dates, CancellationToken ct)
    {
        body.Write(Id);
        body.Write(held.FirstId);
        body.Write(Times);
        for (var i = 0; i < held.Times.Count; i++)
        {
            body.Write(i == 0 ? "\""u8 : ",\""u8);
            body.WriteTime(held.Times[i], view.Issuer.TimeZone);
            body.Write("\""u8);
            if (body.IsFull)
            {
                await body.Flush(ct);
            }
        }
        body.Write(Count);
        body.Write(held.Times.Count);
        body.Write(Middle(view, held, dates));
        body.WriteTime(held.Times[^1], view.Issuer.TimeZone);
        body.Write(view.Tail);
    }

    private static byte[] Middle(BadgeView view, AwardTimes held, LocalDates dates)
    {
        var last = Zones.LocalDate(held.Times[^1], view.Issuer.TimeZone);
        return Obtainability.State(view.Badge.Recurrence, last, dates.In(view.Issuer.TimeZone)) == AwardState.Held ? view.Held : view.Again;
    }

    private static long Length(List<BadgeItem> items, LocalDates dates)
    {
        long length = Beginning.Length + End.Length + Math.Max(items.Count - 1, 0);
        foreach (var (view, held) in items)
        {
            length += held is null
                ? view.Never.Length
                : Id.Length + Digits(held.FirstId) + Times.Length + ((long)QuotedTime * held.Times.Count) - 1 + Count.Length
                    + Digits(held.Times.Count) + Middle(view, held, dates).Length + TimeLength + view.Tail.Length;
        }
        return length;
    }

    private static int Digits(long number)
    {
        var digits = 1;
        while ((number /= 10) > 0)
        {
            digits++;
        }
        return digits;
    }

    /// <summary>Memory of the connection's, filled by hand: to ask for it anew for each part would cost more than the part.</summary>
    private sealed class Body(PipeWriter writer)
    {
        private Memory<byte> _memory;
        private int _length;
        private int _waiting;

        public bool IsFull => _waiting + _length >= Piece;

        public void Write(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(Room(bytes.Length));
            _length += bytes.Length;
        }

        public void Write(long number)
        {
            Utf8Formatter.TryFormat(number, Room(20), out var written);
            _length += written;
        }

        /// <summary>A moment as a zone's clock shows it: <c>2023-03-17 00:00:00</c>.</summary>
        public void WriteTime(long micros, string zone)
        {
            // The sortable form, without the Z at its end.
            Zones.LocalTime(micros, zone).TryFormat(Room(TimeLength + 1), out _, "u", CultureInfo.InvariantCulture);
            _length += TimeLength;
        }

        private Span<byte> Room(int size)
        {
            if (_memory.Length - _length < size)
            {
                Advance();
                _memory = writer.GetMemory(Math.Max(size, 4096));
            }
            return _memory.Span[_length..];
        }

        private void Advance()
        {
            if (_length > 0)
            {
                writer.Advance(_length);
            }
            _waiting += _length;
            (_memory, _length) = (default, 0);
        }

        public async ValueTask Flush(CancellationToken ct)
        {
            Advance();
            _waiting = 0;
            await writer.FlushAsync(ct);
        }
    }
}
