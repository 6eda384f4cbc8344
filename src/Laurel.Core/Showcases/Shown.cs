using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Rules;
using Laurel.Core.Users;

namespace Laurel.Core.Showcases;

/// <summary>A badge as anybody sees it.</summary>
/// <param name="Badge">Masked where <paramref name="IsMasked"/>.</param>
/// <param name="Rules">Those that award it now; none where it is masked.</param>
/// <param name="Named">The badges that its rules ask for, by id, masked where they hide.</param>
/// <param name="Awarded">Awards that stand.</param>
/// <param name="PastDay">Awards of the past day that stand.</param>
/// <param name="Visitors">Distinct users seen at the issuer in the past day.</param>
/// <param name="WinRate">Awards of the past day per such user, 0 to 1; 0 without any.</param>
/// <param name="Next">The first day, in the issuer's zone, on which who has just earned it could earn it next; see
/// <see cref="Awards.Obtainability.Next"/>.</param>
/// <param name="Today">The number of the last day of <paramref name="Days"/>, counted from 1970.</param>
/// <param name="Days">Awards by UTC day, oldest first.</param>
public sealed record ShownBadge(
    Badge Badge, bool IsMasked, Issuer Issuer, IReadOnlyList<Rule> Rules, IReadOnlyDictionary<long, Badge> Named, long Awarded, long PastDay,
    long Visitors, double WinRate, DateOnly? Next, long Today, IReadOnlyList<long> Days);

/// <summary>A user's wall as anybody sees it. Equal to another that shows the same.</summary>
/// <param name="Won">The latest first.</param>
/// <param name="Open">Those begun with first, the nearest to their end in front.</param>
public sealed record Wall(User User, IReadOnlyList<WonBadge> Won, IReadOnlyList<OpenBadge> Open)
{
    public bool Equals(Wall? other) => other is not null && User == other.User && Won.SequenceEqual(other.Won) && Open.SequenceEqual(other.Open);

    public override int GetHashCode() => HashCode.Combine(User.Id, Won.Count, Open.Count);
}

/// <summary>A badge that a user holds, and the first award of it that stands.</summary>
/// <param name="Standing">How many awards of it stand.</param>
/// <param name="FirstAt">In microseconds since 1970 UTC.</param>
public sealed record WonBadge(Badge Badge, bool IsMasked, long Standing, long FirstAt, long FirstId)
{
    public bool Equals(WonBadge? other) => other is not null && IsMasked == other.IsMasked && Badge.ShowsAs(other.Badge, IsMasked)
        && (Standing, FirstAt, FirstId) == (other.Standing, other.FirstAt, other.FirstId);

    public override int GetHashCode() => FirstId.GetHashCode();
}

/// <summary>A badge that a user could win.</summary>
/// <param name="Count">How far the user is…</param>
/// <param name="Target">…and what earns it; 0 for a badge that the user has not begun with.</param>
public sealed record OpenBadge(Badge Badge, bool IsMasked, decimal Count, decimal Target)
{
    public bool Equals(OpenBadge? other) => other is not null && IsMasked == other.IsMasked && Badge.ShowsAs(other.Badge, IsMasked)
        && (Count, Target) == (other.Count, other.Target);

    public override int GetHashCode() => Badge.Id.GetHashCode();
}

/// <summary>What became of an award.</summary>
public abstract record ShownAward
{
    private ShownAward()
    {
    }

    /// <summary>It stands.</summary>
    /// <param name="AwardedAt">In microseconds since 1970 UTC.</param>
    public sealed record Standing(User User, Badge Badge, bool IsMasked, Issuer Issuer, long AwardId, long AwardedAt) : ShownAward;

    /// <summary>It was taken back; why is nobody's business.</summary>
    public sealed record TakenBack : ShownAward;
}
