using Laurel.Core.Rules;

namespace Laurel.Server.Native;

/// <summary>Asks what applying a rule to the past would do.</summary>
internal sealed class PreviewBody
{
    /// <summary>Null for the rule of the path as it is.</summary>
    public RuleBody? Rule { get; set; }
    public Timestamp? From { get; set; }

    /// <summary>Where a preview that ran out of time goes on.</summary>
    public long AfterUser { get; set; }
}

/// <summary>The same of a rule that is yet to be.</summary>
internal sealed class NewPreviewBody
{
    public required RuleBody Rule { get; set; }
    public Timestamp? From { get; set; }
    public long AfterUser { get; set; }
}

internal sealed record PreviewJson(
    HorizonJson Horizon, bool IsComplete, long LastUser, PreviewedAwardsJson Gain, PreviewedAwardsJson Lose, PreviewedAwardsJson Stay,
    PreviewedAwardsJson Change, PreviewedAwardsJson Removed)
{
    public static PreviewJson From(RulePreview preview) => new(
        new(Timestamp.Of(preview.From), new(preview.To), preview.Actions, preview.Users), preview.IsComplete, preview.LastUser,
        PreviewedAwardsJson.From(preview.Gain), PreviewedAwardsJson.From(preview.Lose), PreviewedAwardsJson.From(preview.Stay),
        PreviewedAwardsJson.From(preview.Change), PreviewedAwardsJson.From(preview.Removed));
}

/// <summary>What was looked at.</summary>
internal sealed record HorizonJson(Timestamp? From, Timestamp To, long Actions, long Users);

/// <summary>How many, and the first of them.</summary>
internal sealed record PreviewedAwardsJson(long Count, IReadOnlyList<PreviewedAwardJson> Samples)
{
    public static PreviewedAwardsJson From(PreviewedAwards awards) => new(awards.Count, [.. awards.Samples.Select(PreviewedAwardJson.From)]);
}

internal sealed record PreviewedAwardJson(long UserId, long BadgeId, Timestamp At, long? ActionId, string? Subject, Timestamp? InsteadOf)
{
    public static PreviewedAwardJson From(PreviewedAward award) =>
        new(award.UserId, award.BadgeId, new(award.At), award.ActionId, award.Subject, Timestamp.Of(award.InsteadOf));
}
