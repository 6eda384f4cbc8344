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

    public static async Task Write(HttpContext context, List<BadgeItem> items, LocalDays days)
    {
        var middles = Middles(items, days);
        KarazJson.Begin(context.Response, Length(items, middles));
        var body = new Body(context.Response.BodyWriter);
        body.Write(Beginning);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }
            var (view, held) = items[i];
            if (held is null)
            {
                body.Write(view.Never);
            }
            else
            {
                var clock = days.In(view.Issuer.TimeZone).Clock;
                body.Write(Id);
                body.Write(held.FirstId);
                body.Write(Times);
                for (var time = 0; time < held.Times.Count; time++)
                {
                    body.Write(time == 0 ? "\""u8 : ",\""u8);
                    body.Write(clock.LocalTime(held.Times[time]));
                    body.Write("\""u8);
                    if (body.IsFull)
                    {
                        await body.Flush(context.RequestAborted);
                    }
                }
                body.Write(Count);
                body.Write(held.Times.Count);
                body.Write(middles[i]!);
                body.Write(clock.LocalTime(held.Times[^1]));
                body.Write(view.Tail);
            }
            if (body.IsFull)
            {
                await body.Flush(context.RequestAborted);
            }
        }
        body.Write(End);
        await body.Flush(context.RequestAborted);
    }

    // What stands between the count and the last time, of what is held.
    private static byte[]?[] Middles(List<BadgeItem> items, LocalDays days)
    {
        var middles = new byte[]?[items.Count];
        for (var i = 0; i < middles.Length; i++)
        {
            if (items[i] is var (view, held) && held is not null)
            {
                var day = days.In(view.Issuer.TimeZone);
                var state = Obtainability.State(view.Badge.Recurrence, day.Clock.LocalDate(held.Times[^1]), day.Today);
                middles[i] = state == AwardState.Held ? view.Held : view.Again;
            }
        }
        return middles;
    }

    private static long Length(List<BadgeItem> items, byte[]?[] middles)
    {
        long length = Beginning.Length + End.Length + Math.Max(items.Count - 1, 0);
        for (var i = 0; i < middles.Length; i++)
        {
            var (view, held) = items[i];
            length += held is null
                ? view.Never.Length
                : Id.Length + Digits(held.FirstId) + Times.Length + ((long)QuotedTime * held.Times.Count) - 1 + Count.Length
                    + Digits(held.Times.Count) + middles[i]!.Length + TimeLength + view.Tail.Length;
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

        /// <summary>A moment as a clock shows it: <c>2023-03-17 00:00:00</c>.</summary>
        public void Write(DateTime local)
        {
            // The sortable form, without the Z at its end.
            local.TryFormat(Room(TimeLength + 1), out _, "u", CultureInfo.InvariantCulture);
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
