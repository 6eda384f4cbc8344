using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Awards;

namespace Laurel.Core.Rules;

/// <summary>How far one user has come in one rule: what its condition has to remember. Steps in the order of time; it counts no
/// further than the rule's last target.</summary>
internal abstract class Counter
{
    /// <summary>Counts an action.</summary>
    /// <returns>The count just before it and with it: it reaches the targets above the first, up to the second.</returns>
    public abstract (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar);

    /// <summary>The count at a time after the last step: windows move on, periods end, streaks break.</summary>
    public abstract decimal At(long at, RuleCalendar calendar);

    /// <summary>Nothing that may still come changes it: the last target is reached for good.</summary>
    public virtual bool IsComplete => false;

    public abstract void Write(PackedWriter packed);

    /// <summary>One that has counted nothing.</summary>
    /// <param name="condition">What it counts; not <see cref="Condition.Holding"/>, which counts no actions.</param>
    /// <param name="last">The rule's last target.</param>
    public static Counter New(Condition condition, decimal last) => Read(condition, last, default);

    /// <summary>One as it was written; an empty one where nothing is.</summary>
    public static Counter Read(Condition condition, decimal last, ReadOnlySpan<byte> packed)
    {
        var rest = new PackedReader(packed);
        return condition switch
        {
            Condition.Each => new EachCounter(ref rest),
            Condition.Count => new TotalCounter(last, ref rest),
            Condition.CountWithin within => new WindowCounter(within.Window, last, ref rest),
            Condition.CountPer per => new PeriodCounter(per.Period, last, ref rest),
            Condition.FirstIn first => new PeriodCounter(first.Period, 1, ref rest),
            Condition.DistinctSubjects => new SubjectCounter(last, ref rest),
            Condition.Sum => new SumCounter(last, ref rest),
            Condition.Streak streak => new StreakCounter(streak.Unit, ref rest),
            _ => throw new ArgumentException("It counts no actions.", nameof(condition)),
        };
    }

    // Each action reaches the target anew.
    private sealed class EachCounter : Counter
    {
        private bool _any;

        public EachCounter(ref PackedReader rest) => _any = !rest.IsAtEnd && rest.Byte() != 0;

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            _any = true;
            return (0, 1);
        }

        public override decimal At(long at, RuleCalendar calendar) => _any ? 1 : 0;

        public override void Write(PackedWriter packed) => packed.Byte((byte)(_any ? 1 : 0));
    }

    private sealed class TotalCounter : Counter
    {
        private readonly decimal _last;
        private long _count;

        public TotalCounter(decimal last, ref PackedReader rest) => (_last, _count) = (last, rest.IsAtEnd ? 0 : rest.Number());

        public override bool IsComplete => _count >= _last;

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar) =>
            IsComplete ? (_count, _count) : (_count, ++_count);

        public override decimal At(long at, RuleCalendar calendar) => _count;

        public override void Write(PackedWriter packed) => packed.Number(_count);
    }

    // The newest times, as many as the last target: an older one cannot matter any more.
    private sealed class WindowCounter : Counter
    {
        private readonly long _window;
        private readonly int _last;
        private readonly Queue<long> _times = new();

        public WindowCounter(long window, decimal last, ref PackedReader rest)
        {
            (_window, _last) = (window, (int)last);
            for (var at = 0L; !rest.IsAtEnd;)
            {
                _times.Enqueue(at += rest.Number());
            }
        }

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            while (_times.TryPeek(out var oldest) && oldest <= moment.At - _window)
            {
                _times.Dequeue();
            }
            var before = _times.Count;
            _times.Enqueue(moment.At);
            if (_times.Count > _last)
            {
                _times.Dequeue();
            }
            return (before, before + 1);
        }

        public override decimal At(long at, RuleCalendar calendar) => _times.Count(time => time > at - _window);

        public override void Write(PackedWriter packed)
        {
            var last = 0L;
            foreach (var at in _times)
            {
                packed.Number(at - last);
                last = at;
            }
        }
    }

    private sealed class PeriodCounter : Counter
    {
        private readonly Recurrence.PerPeriod _period;
        private readonly decimal _last;
        private int _start = int.MinValue;
        private long _count;

        public PeriodCounter(Recurrence.PerPeriod period, decimal last, ref PackedReader rest)
        {
            (_period, _last) = (period, last);
            if (!rest.IsAtEnd)
            {
                (_start, _count) = ((int)rest.Number(), rest.Number());
            }
        }

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            var start = calendar.PeriodStart(_period, moment.At);
            if (start != _start)
            {
                (_start, _count) = (start, 0);
            }
            return _count >= _last ? (_count, _count) : (_count, ++_count);
        }

        public override decimal At(long at, RuleCalendar calendar) => calendar.PeriodStart(_period, at) == _start ? _count : 0;

        public override void Write(PackedWriter packed) => packed.Number(_start).Number(_count);
    }

    private sealed class SubjectCounter : Counter
    {
        private const int HashLength = sizeof(ulong);

        private readonly decimal _last;
        private readonly HashSet<ulong> _subjects = [];

        public SubjectCounter(decimal last, ref PackedReader rest)
        {
            _last = last;
            if (!rest.IsAtEnd)
            {
                for (var hashes = rest.Bytes(); hashes.Length >= HashLength; hashes = hashes[HashLength..])
                {
                    _subjects.Add(BinaryPrimitives.ReadUInt64LittleEndian(hashes));
                }
            }
        }

        public override bool IsComplete => _subjects.Count >= _last;

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            var before = _subjects.Count;
            if (!IsComplete && moment.Subject is { } subject)
            {
                _subjects.Add(Hash(subject));
            }
            return (before, _subjects.Count);
        }

        // Of a cryptographic hash: nobody finds two subjects that count as one.
        private static ulong Hash(string subject)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Encoding.UTF8.GetBytes(subject), hash);
            return BinaryPrimitives.ReadUInt64LittleEndian(hash);
        }

        public override decimal At(long at, RuleCalendar calendar) => _subjects.Count;

        public override void Write(PackedWriter packed)
        {
            var hashes = new byte[_subjects.Count * HashLength];
            var at = 0;
            foreach (var subject in _subjects)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(hashes.AsSpan(at), subject);
                at += HashLength;
            }
            packed.Bytes(hashes);
        }
    }

    // A target is reached once: what is taken away afterwards and comes again reaches nothing.
    private sealed class SumCounter : Counter
    {
        private readonly decimal _last;
        private decimal _sum;
        private decimal _most;

        public SumCounter(decimal last, ref PackedReader rest)
        {
            _last = last;
            if (!rest.IsAtEnd)
            {
                (_sum, _most) = (ReadDecimal(ref rest), ReadDecimal(ref rest));
            }
        }

        public override bool IsComplete => _most >= _last;

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            var before = _most;
            if (!IsComplete)
            {
                _sum += moment.Amount;
                _most = Math.Max(_most, _sum);
            }
            return (before, _most);
        }

        public override decimal At(long at, RuleCalendar calendar) => _sum;

        public override void Write(PackedWriter packed)
        {
            WriteDecimal(packed, _sum);
            WriteDecimal(packed, _most);
        }

        private static void WriteDecimal(PackedWriter packed, decimal value)
        {
            foreach (var part in decimal.GetBits(value))
            {
                packed.Number(part);
            }
        }

        private static decimal ReadDecimal(ref PackedReader rest) =>
            new([(int)rest.Number(), (int)rest.Number(), (int)rest.Number(), (int)rest.Number()]);
    }

    private sealed class StreakCounter : Counter
    {
        private const int DaysInWeek = 7;

        private readonly int _days;
        private long _at;
        private int _unit = int.MinValue;
        private long _length;

        public StreakCounter(PeriodUnit unit, ref PackedReader rest)
        {
            _days = unit == PeriodUnit.Week ? DaysInWeek : 1;
            if (!rest.IsAtEnd)
            {
                (_at, _unit, _length) = (rest.Number(), (int)rest.Number(), rest.Number());
            }
        }

        public override (decimal Before, decimal After) Step(in Moment moment, RuleCalendar calendar)
        {
            var unit = Unit(calendar, moment.At, moment.At);
            var gap = Gap(unit, moment.At, calendar);
            var before = gap is 0 or 1 ? _length : 0;
            _length = gap switch
            {
                0 => _length,
                1 => _length + 1,
                _ => 1,
            };
            (_at, _unit) = (moment.At, Math.Max(_unit, unit));
            return (before, _length);
        }

        // How many units after the last one, which is told in its own zone and in the one that is the user's now.
        private long Gap(int unit, long at, RuleCalendar calendar) =>
            _length == 0 ? long.MaxValue : Math.Max(0, unit - (long)Math.Max(_unit, Unit(calendar, _at, at)));

        // The first day of all is a Monday.
        private int Unit(RuleCalendar calendar, long at, long zoneAt) => calendar.Day(at, zoneAt) / _days;

        // The unit that runs may still be filled.
        public override decimal At(long at, RuleCalendar calendar) => Gap(Unit(calendar, at, at), at, calendar) <= 1 ? _length : 0;

        public override void Write(PackedWriter packed) => packed.Number(_at).Number(_unit).Number(_length);
    }
}
