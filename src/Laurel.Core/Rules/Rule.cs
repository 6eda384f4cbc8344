using Laurel.Core.Rules.Filters;

namespace Laurel.Core.Rules;

/// <summary>Whom a rule awards for an action.</summary>
public enum Recipient
{
    /// <summary>Who did it.</summary>
    Actor,

    /// <summary>Whose subject it was about: the user whose id is the action's property <c>ownerId</c>.</summary>
    Owner,
}

/// <summary>A badge that a rule awards, and the count that earns it.</summary>
public sealed record Tier(long BadgeId, decimal Target);

/// <summary>What an administrator says of a rule. Times in microseconds since 1970 UTC.</summary>
public sealed record RuleDraft
{
    public required string Key { get; init; }

    public string? Name { get; init; }

    public bool Enabled { get; init; }

    /// <summary>The types of actions it counts; none for <see cref="Condition.Holding"/>.</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>Which of them match; null for all. See docs/rules.md.</summary>
    public string? Filter { get; init; }

    public Recipient Recipient { get; init; }

    public required Condition Condition { get; init; }

    /// <summary>Ascending by target.</summary>
    public required IReadOnlyList<Tier> Tiers { get; init; }

    /// <summary>Actions before it do not count.</summary>
    public long? ValidFrom { get; init; }

    /// <summary>Actions from then on do not count.</summary>
    public long? ValidUntil { get; init; }

    /// <summary>How many users it awards at most.</summary>
    public int? MaximumRecipients { get; init; }

    /// <summary>After how many days without an award its watch raises an alarm.</summary>
    public int? AlarmAfterDays { get; init; }
}

/// <summary>A rule as a change left it.</summary>
/// <param name="Number">Counts the rule's changes, from 1.</param>
/// <param name="CreatedBy">The user whose key made the change; null for a service's.</param>
public sealed record RuleRevision(long Number, RuleDraft Draft, long? CreatedBy, long CreatedAt);

/// <summary>A rule as it is kept.</summary>
/// <param name="Revision">Counts its changes, from 1; each award names the one that made it.</param>
/// <param name="Generation">How often counting has begun anew: counts of an earlier one mean nothing now.</param>
/// <param name="CountsFrom">Actions before it do not count, unless a backfill has counted them.</param>
/// <param name="FirstRevision">The first revision whose awards rest on what is counted now.</param>
public sealed record Rule(
    long Id, RuleDraft Draft, long Revision, long Generation, long CountsFrom, long FirstRevision, long CreatedAt, long UpdatedAt)
{
    internal Filter? Filter { get; init; }

    internal PropertyPath? Amount { get; init; }

    internal decimal LastTarget => Draft.Tiers[^1].Target;

    /// <summary>Whether a user's count has to be kept from one action to the next.</summary>
    internal bool Remembers => Draft.Condition is not Condition.Each || Draft.MaximumRecipients is not null;

    /// <summary>Whether a number can be summed: a million million at most, either way, so that no sum overflows.</summary>
    internal static bool IsAmount(decimal number) => Math.Abs(number) <= 1_000_000_000_000m;

    internal bool IsValidAt(long at) => at >= CountsFrom && at >= (Draft.ValidFrom ?? long.MinValue) && at < (Draft.ValidUntil ?? long.MaxValue);
}
