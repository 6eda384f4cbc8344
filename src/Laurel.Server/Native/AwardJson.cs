using System.Text.Json.Serialization;
using Laurel.Core.Awards;

namespace Laurel.Server.Native;

/// <summary>Asks for an award.</summary>
internal sealed class AwardBody
{
    public required long UserId { get; set; }
    public required long BadgeId { get; set; }
    public string? Subject { get; set; }
    public long? ActionId { get; set; }
    public RawJson? Payload { get; set; }
    public Timestamp? AwardedAt { get; set; }

    /// <summary>An administrator's own decision: lifts a revocation, and duplicates where the occasion is held.</summary>
    public bool Manual { get; set; }

    public AwardRequest ToRequest() => new(UserId, BadgeId, AwardSource.Native)
    {
        Subject = Subject,
        ActionId = ActionId,
        Payload = Payload?.Text,
        AwardedAt = AwardedAt?.Micros,
        Manual = Manual,
    };
}

/// <summary>What an award can hold besides its id.</summary>
internal class PlacedAwardBody
{
    /// <summary>The user of the path, if it is given.</summary>
    public long? UserId { get; set; }
    public required long BadgeId { get; set; }
    public string? Subject { get; set; }
    public long? ActionId { get; set; }
    public RawJson? Payload { get; set; }
    public Timestamp? AwardedAt { get; set; }
    public string? Uid { get; set; }
    public bool IsClaimed { get; set; }
    public Timestamp? ClaimedOn { get; set; }

    /// <summary>Worn as a badge.</summary>
    public bool IsBadged { get; set; }

    public AwardRequest ToRequest(long userId) => new(userId, BadgeId, AwardSource.Import)
    {
        Subject = Subject,
        ActionId = ActionId,
        Payload = Payload?.Text,
        AwardedAt = AwardedAt?.Micros,
    };

    /// <summary>Null when nothing is said of a claim.</summary>
    public AwardClaimDraft? ToClaim() => Uid is null && !IsClaimed && ClaimedOn is null && !IsBadged
        ? null
        : new AwardClaimDraft(Uid, IsClaimed, ClaimedOn?.Micros, IsBadged);
}

internal sealed class AwardJson : PlacedAwardBody
{
    [JsonPropertyOrder(-1)]
    public long Id { get; set; }

    /// <summary>Read-only: what makes it one award, see the badge's recurrence.</summary>
    public string Occasion { get; set; } = "";

    /// <summary>Read-only: through which door it came.</summary>
    public string Source { get; set; } = "";

    /// <summary>Read-only: the rule that made it, and which revision of it.</summary>
    public long? RuleId { get; set; }
    public long? RuleRevision { get; set; }

    /// <summary>Awards as the caller may see them, in their order.</summary>
    public static async ValueTask<IReadOnlyList<AwardJson>> From(NativeCall call, IReadOnlyList<Award> awards)
    {
        var claims = await call.Core.UserAwards.Claims(awards);
        var told = new List<AwardJson>(awards.Count);
        foreach (var award in awards)
        {
            var claim = claims.GetValueOrDefault((award.UserId, award.Id));
            told.Add(From(await call.Core.UserAwards.AsSeenBy(award, claim, call.Caller), claim));
        }
        return told;
    }

    private static AwardJson From(Award award, AwardClaim? claim) => new()
    {
        Id = award.Id,
        UserId = award.UserId,
        BadgeId = award.BadgeId,
        Occasion = award.Occasion,
        AwardedAt = new(award.AwardedAt),
        Source = Word(award.Source),
        RuleId = award.Rule?.Id,
        RuleRevision = award.Rule?.Revision,
        Subject = award.Subject,
        ActionId = award.ActionId,
        Payload = RawJson.Of(award.Payload),
        Uid = claim?.Uid,
        IsClaimed = claim?.IsClaimed ?? false,
        ClaimedOn = Timestamp.Of(claim?.ClaimedAt),
        IsBadged = claim?.IsWorn ?? false,
    };

    internal static string Word(AwardSource source) => source switch
    {
        AwardSource.Native => "native",
        AwardSource.Roblox => "roblox",
        AwardSource.AnswerHub => "answerHub",
        AwardSource.Perfumer => "perfumer",
        AwardSource.Karaz => "karaz",
        AwardSource.AISquare => "aiSquare",
        AwardSource.Rule => "rule",
        AwardSource.Import => "import",
        AwardSource.Backfill => "backfill",
    };
}

/// <summary>What came of asking: the award that stands now, and whether this request made it.</summary>
internal sealed record AwardAnswerJson(AwardJson? Award, bool Created);
