using Laurel.Core.Awards;

namespace Laurel.Core.Storage;

/// <summary>What lies beside the ledger for many awards, by a statement each: how many of a badge stand, details, claims. The same as
/// <see cref="DeferredAward.WriteBeside"/> for each of them.</summary>
internal static class PostgresAwardRows
{
    private static readonly PostgresInsert Counted = new("repeated_awards",
        "user_id bigint, issuer_id bigint, badge_id bigint, standing bigint, first_at bigint, first_id bigint", LedgerStore.CountTogether);

    private static readonly PostgresInsert Details = new("award_details",
        "user_id bigint, award_id bigint, action_id bigint, payload text, rule_id bigint, rule_revision bigint, backfill_id bigint",
        AwardDetails.Renew);

    private static readonly PostgresInsert Claims = new("award_claims",
        "user_id bigint, award_id bigint, uid text, is_claimed smallint, claimed_at bigint, is_worn smallint, is_active smallint, created_by text, "
        + "updated_by text, deleted_by text, created_at bigint, updated_at bigint, deleted_at bigint",
        AwardDetails.RenewClaim);

    /// <param name="trip">In the transaction that has inserted their rows.</param>
    /// <param name="made">By user, then badge; may be none.</param>
    /// <param name="distributed">Citus spreads the tables.</param>
    public static void Add(PostgresTrip trip, List<DeferredAward> made, bool distributed)
    {
        Count(trip, made.FindAll(each => each.Award.Occasion.Length > 0), distributed);
        Detail(trip, made.ConvertAll(each => each.Award).FindAll(award => award.HasDetails), distributed);
        Claim(trip, made.FindAll(each => each.Claim is not null), distributed);
    }

    // A statement may touch a row once.
    private static void Count(PostgresTrip trip, List<DeferredAward> made, bool distributed)
    {
        var badges = made.GroupBy(each => (each.UserId, each.IssuerId, each.Award.BadgeId),
            (key, of) => (Key: key, Awards: of.Select(each => each.Award).OrderBy(award => award.AwardedAt).ThenBy(award => award.Id).ToList())).ToList();
        trip.Add(Counted, distributed,
            badges.ConvertAll(each => each.Key.UserId).ToArray(), badges.ConvertAll(each => each.Key.IssuerId).ToArray(),
            badges.ConvertAll(each => each.Key.BadgeId).ToArray(), badges.ConvertAll(each => (long)each.Awards.Count).ToArray(),
            badges.ConvertAll(each => each.Awards[0].AwardedAt).ToArray(), badges.ConvertAll(each => each.Awards[0].Id).ToArray());
    }

    private static void Detail(PostgresTrip trip, List<Award> awards, bool distributed) => trip.Add(Details, distributed,
        awards.ConvertAll(award => award.UserId).ToArray(), awards.ConvertAll(award => award.Id).ToArray(),
        awards.ConvertAll(award => award.ActionId).ToArray(), awards.ConvertAll(award => award.Payload).ToArray(),
        awards.ConvertAll(award => award.Rule?.Id).ToArray(), awards.ConvertAll(award => award.Rule?.Revision).ToArray(),
        awards.ConvertAll(award => award.Rule?.BackfillId).ToArray());

    private static void Claim(PostgresTrip trip, List<DeferredAward> made, bool distributed)
    {
        var claims = made.ConvertAll(each => each.Claim!);
        trip.Add(Claims, distributed,
            made.ConvertAll(each => each.UserId).ToArray(), made.ConvertAll(each => each.Award.Id).ToArray(),
            claims.ConvertAll(claim => claim.Uid).ToArray(), claims.ConvertAll(claim => Flag(claim.IsClaimed)).ToArray(),
            claims.ConvertAll(claim => claim.ClaimedAt).ToArray(), claims.ConvertAll(claim => Flag(claim.IsWorn)).ToArray(),
            claims.ConvertAll(claim => Flag(claim.IsActive)).ToArray(), claims.ConvertAll(claim => claim.CreatedBy).ToArray(),
            claims.ConvertAll(claim => claim.UpdatedBy).ToArray(), claims.ConvertAll(claim => claim.DeletedBy).ToArray(),
            claims.ConvertAll(claim => claim.CreatedAt).ToArray(), claims.ConvertAll(claim => claim.UpdatedAt).ToArray(),
            claims.ConvertAll(claim => claim.DeletedAt).ToArray());
    }

    private static short Flag(bool value) => value ? (short)1 : (short)0;
}
