using Laurel.Core.Awards;
using Laurel.Core.Rewards;
using Laurel.Core.Users;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>What the core says of awards and their users, in words.</summary>
internal static class AwardWords
{
    public static string Source(Reader reader, AwardSource source) => reader[$"admin.users.source.{source}"];

    public static string Kind(Reader reader, RemovalKind kind) => reader[$"admin.users.removal.{kind}"];

    public static string Of(Reader reader, Privacy privacy) => reader[$"admin.users.privacy.{privacy}"];

    public static string Refused(Reader reader, AwardRefusal refusal) => reader[$"admin.users.award.refused.{refusal}"];

    public static string Refused(Reader reader, RewardRefusal refusal) => reader[$"admin.users.reward.refused.{refusal}"];

    /// <summary>What somebody asks for who removes an award; null for nothing that one can.</summary>
    public static RemovalKind? KindOf(string word) => word switch
    {
        nameof(RemovalKind.Reset) => RemovalKind.Reset,
        nameof(RemovalKind.Revoke) => RemovalKind.Revoke,
        _ => null,
    };

    // No default arm: a new refusal does not compile until it has its place.
    /// <summary>The field of the form that a refusal is about.</summary>
    public static string Field(AwardRefusal refusal) => refusal switch
    {
        AwardRefusal.UnknownBadge or AwardRefusal.Disabled or AwardRefusal.NotRecognised => "badgeId",
        AwardRefusal.OccasionMissing or AwardRefusal.InvalidSubject => "subject",
        AwardRefusal.UnknownAction or AwardRefusal.InvalidAction => "actionId",
        AwardRefusal.TimeInFuture or AwardRefusal.InvalidTime => "awardedAt",
        AwardRefusal.InvalidPayload => "payload",
        AwardRefusal.UnknownPlace or AwardRefusal.UnknownUser or AwardRefusal.PlaceMayNotAward or AwardRefusal.Forbidden or AwardRefusal.Revoked
            or AwardRefusal.OccasionHeld or AwardRefusal.IdReserved or AwardRefusal.NotStorable => AdminForm.Whole,
    };
}
