using System.Text.Json.Serialization;
using Laurel.Core.Awards;

namespace Laurel.Core.Rules;

/// <summary>What a rule counts. It awards whenever the count rises to a target. Closed: the nested cases are all there are.
/// What a user's count is rests on the matching actions alone, in the order of their times (and ids), never on when they arrived.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(Each), "each")]
[JsonDerivedType(typeof(Count), "count")]
[JsonDerivedType(typeof(CountWithin), "countWithin")]
[JsonDerivedType(typeof(CountPer), "countPer")]
[JsonDerivedType(typeof(DistinctSubjects), "distinctSubjects")]
[JsonDerivedType(typeof(Sum), "sum")]
[JsonDerivedType(typeof(FirstIn), "firstIn")]
[JsonDerivedType(typeof(Streak), "streak")]
[JsonDerivedType(typeof(Holding), "holding")]
public abstract record Condition
{
    /// <summary>The largest target of a condition that has to remember each action it counts.</summary>
    public const int MaximumRemembered = 1000;

    private Condition()
    {
    }

    internal bool LooksAtCalendar => this is CountPer or FirstIn or Streak;

    /// <summary>Every matching action is one.</summary>
    public sealed record Each : Condition;

    /// <summary>Matching actions, ever.</summary>
    public sealed record Count : Condition;

    /// <summary>Matching actions within the last <paramref name="Window"/> microseconds: later than that long ago.</summary>
    public sealed record CountWithin(long Window) : Condition;

    /// <summary>Matching actions of the calendar period, in the issuer's zone.</summary>
    public sealed record CountPer(Recurrence.PerPeriod Period) : Condition;

    /// <summary>Subjects that differ. Actions without one are not counted.</summary>
    public sealed record DistinctSubjects : Condition;

    /// <summary>The sum of a number among the properties. Actions without one are not counted.</summary>
    public sealed record Sum(string Property) : Condition;

    /// <summary>The first matching action of each calendar period, in the issuer's zone.</summary>
    public sealed record FirstIn(Recurrence.PerPeriod Period) : Condition;

    /// <summary>Consecutive days, or weeks from Monday, with a matching action, on the user's own calendar: in the zone that was the
    /// user's at the time. A day follows the last one if it does so told in the zone of either; it is never an earlier one.</summary>
    public sealed record Streak(PeriodUnit Unit) : Condition;

    /// <summary>How many of these badges the user holds, whoever awarded them.</summary>
    public sealed record Holding(IReadOnlyList<long> Badges) : Condition
    {
        public bool Equals(Holding? other) => other is not null && Badges.SequenceEqual(other.Badges);

        public override int GetHashCode() => Badges.Count == 0 ? 0 : HashCode.Combine(Badges.Count, Badges[0]);
    }
}
