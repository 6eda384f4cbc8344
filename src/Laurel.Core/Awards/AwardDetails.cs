using System.Globalization;
using System.Text;
using Dapper;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>What lies beside the ledger, by (user, award id): the action and payload of an award, and its claim state.</summary>
internal static class AwardDetails
{
    /// <summary>Of an insert of details: they take the place of those that are there.</summary>
    public const string Renew = """
        ON CONFLICT (user_id, award_id) DO UPDATE SET action_id = excluded.action_id, payload = excluded.payload,
          rule_id = excluded.rule_id, rule_revision = excluded.rule_revision, backfill_id = excluded.backfill_id
        """;

    private const string Upsert = $"""
        INSERT INTO award_details (user_id, award_id, action_id, payload, rule_id, rule_revision, backfill_id) VALUES ($1, $2, $3, $4, $5, $6, $7)
        {Renew}
        """;

    /// <summary>The same of an insert of claims.</summary>
    public const string RenewClaim = """
        ON CONFLICT (user_id, award_id) DO UPDATE SET
          uid = excluded.uid, is_claimed = excluded.is_claimed, claimed_at = excluded.claimed_at, is_worn = excluded.is_worn,
          is_active = excluded.is_active, created_by = excluded.created_by, updated_by = excluded.updated_by,
          deleted_by = excluded.deleted_by, created_at = excluded.created_at, updated_at = excluded.updated_at,
          deleted_at = excluded.deleted_at
        """;

    private const string UpsertClaim = $"""
        INSERT INTO award_claims (user_id, award_id, uid, is_claimed, claimed_at, is_worn, is_active,
          created_by, updated_by, deleted_by, created_at, updated_at, deleted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        {RenewClaim}
        """;

    private const string LockClaim = """
        INSERT INTO award_claims (user_id, award_id, uid, is_claimed, claimed_at, is_worn, is_active,
          created_by, updated_by, deleted_by, created_at, updated_at, deleted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (user_id, award_id) DO UPDATE SET uid = award_claims.uid
        """;

    private const string EndClaim = """
        UPDATE award_claims SET is_worn = 0, is_active = 0, deleted_by = $1, deleted_at = $2, updated_at = $2
        WHERE user_id = $3 AND award_id = $4
        """;

    private const string Delete = "DELETE FROM award_details WHERE user_id = $1 AND award_id = $2";

    private const string DeleteClaim = "DELETE FROM award_claims WHERE user_id = $1 AND award_id = $2";

    private const string SelectDetails = "SELECT action_id, payload, rule_id, rule_revision, backfill_id FROM award_details WHERE user_id = $1 AND award_id = $2";

    private const string SelectClaim = """
        SELECT uid, is_claimed, claimed_at, is_worn, is_active, created_by, updated_by, deleted_by, created_at, updated_at, deleted_at
        FROM award_claims WHERE user_id = $1 AND award_id = $2
        """;

    private const string DetailsOfAll = """
        SELECT user_id AS UserId, award_id AS AwardId, action_id AS ActionId, payload AS Payload, rule_id AS RuleId, rule_revision AS RuleRevision,
          backfill_id AS BackfillId
        FROM award_details
        """;

    private const string ClaimsOfAll = """
        SELECT user_id AS UserId, award_id AS AwardId, uid AS Uid, is_claimed AS IsClaimed, claimed_at AS ClaimedAt, is_worn AS IsWorn,
          is_active AS IsActive, created_by AS CreatedBy, updated_by AS UpdatedBy, deleted_by AS DeletedBy, created_at AS CreatedAt,
          updated_at AS UpdatedAt, deleted_at AS DeletedAt
        FROM award_claims
        """;

    public static async ValueTask Write(Session session, Award award) =>
        await session.Prepare(Upsert).Set(1, award.UserId).Set(2, award.Id).Set(3, award.ActionId).Set(4, award.Payload)
            .Set(5, award.Rule?.Id).Set(6, award.Rule?.Revision).Set(7, award.Rule?.BackfillId).Run();

    public static async ValueTask Write(Session session, long userId, long awardId, AwardClaim claim) =>
        await Bind(session.Prepare(UpsertClaim), userId, awardId, claim).Run();

    private static Statement Bind(Statement statement, long userId, long awardId, AwardClaim claim) => statement
        .Set(1, userId).Set(2, awardId).Set(3, claim.Uid).Set(4, claim.IsClaimed ? 1 : 0)
        .Set(5, claim.ClaimedAt).Set(6, claim.IsWorn ? 1 : 0).Set(7, claim.IsActive ? 1 : 0).Set(8, claim.CreatedBy)
        .Set(9, claim.UpdatedBy).Set(10, claim.DeletedBy).Set(11, claim.CreatedAt).Set(12, claim.UpdatedAt).Set(13, claim.DeletedAt);

    /// <summary>The award's claim, which no other transaction changes from now on.</summary>
    /// <param name="first">What it is to be where there is none.</param>
    public static async ValueTask<AwardClaim> HoldClaim(Session session, Award award, AwardClaim first)
    {
        await Bind(session.Prepare(LockClaim), award.UserId, award.Id, first).Run();
        return (await Claim(session, award.UserId, award.Id))!;
    }

    /// <summary>A removed award is worn no longer; what was claimed, and when, stays on record.</summary>
    public static async ValueTask End(Session session, Award award, long at, long? by) => await session.Prepare(EndClaim)
        .Set(1, by?.ToString(CultureInfo.InvariantCulture)).Set(2, at).Set(3, award.UserId).Set(4, award.Id).Run();

    /// <summary>Writes all there is, and removes what an earlier award of this id may have left.</summary>
    public static async ValueTask Replace(Session session, Award award, AwardClaim? claim)
    {
        if (!award.HasDetails)
        {
            await session.Prepare(Delete).Set(1, award.UserId).Set(2, award.Id).Run();
        }
        else
        {
            await Write(session, award);
        }
        if (claim is null)
        {
            await session.Prepare(DeleteClaim).Set(1, award.UserId).Set(2, award.Id).Run();
        }
        else
        {
            await Write(session, award.UserId, award.Id, claim);
        }
    }

    /// <summary>The award with its action and payload.</summary>
    public static async ValueTask<Award> Complete(Session session, Award award)
    {
        var row = session.Prepare(SelectDetails).Set(1, award.UserId).Set(2, award.Id);
        if (!await row.Read())
        {
            return award;
        }
        var complete = award with { ActionId = row.LongOrNull(0), Payload = row.TextOrNull(1), Rule = Rule(row.LongOrNull(2), row.LongOrNull(3), row.LongOrNull(4)) };
        await row.Done();
        return complete;
    }

    /// <summary>The rule of an award, as its three numbers tell it; null for none.</summary>
    internal static AwardRule? Rule(long? id, long? revision, long? backfillId) => id is { } rule ? new AwardRule(rule, revision ?? 0, backfillId) : null;

    /// <summary>A page of awards with their actions and payloads, in one statement.</summary>
    public static async ValueTask<List<Award>> Complete(Session session, IReadOnlyList<Award> awards)
    {
        if (awards.Count == 0)
        {
            return [];
        }
        var (where, keys) = Keys(awards);
        var details = (await session.Query<DetailsRow>($"{DetailsOfAll} {where}", keys)).ToDictionary(row => (row.UserId, row.AwardId));
        return [.. awards.Select(award => details.TryGetValue((award.UserId, award.Id), out var row)
            ? award with { ActionId = row.ActionId, Payload = row.Payload, Rule = Rule(row.RuleId, row.RuleRevision, row.BackfillId) }
            : award)];
    }

    public static async ValueTask<Dictionary<(long UserId, long AwardId), AwardClaim>> Claims(Session session, IReadOnlyList<Award> awards)
    {
        if (awards.Count == 0)
        {
            return [];
        }
        var (where, keys) = Keys(awards);
        return (await session.Query<ClaimRow>($"{ClaimsOfAll} {where}", keys)).ToDictionary(row => (row.UserId, row.AwardId), row => row.ToClaim());
    }

    private static (string Where, DynamicParameters Keys) Keys(IReadOnlyList<Award> awards)
    {
        var where = new StringBuilder("WHERE (user_id, award_id) IN (VALUES ");
        var keys = new DynamicParameters();
        for (var i = 0; i < awards.Count; i++)
        {
            where.Append(i == 0 ? "" : ", ").Append("(@u").Append(i).Append(", @a").Append(i).Append(')');
            keys.Add($"u{i}", awards[i].UserId);
            keys.Add($"a{i}", awards[i].Id);
        }
        return (where.Append(')').ToString(), keys);
    }

    private sealed class DetailsRow
    {
        public long UserId { get; init; }
        public long AwardId { get; init; }
        public long? ActionId { get; init; }
        public string? Payload { get; init; }
        public long? RuleId { get; init; }
        public long? RuleRevision { get; init; }
        public long? BackfillId { get; init; }
    }

    private sealed class ClaimRow
    {
        public long UserId { get; init; }
        public long AwardId { get; init; }
        public string Uid { get; init; } = "";
        public long IsClaimed { get; init; }
        public long? ClaimedAt { get; init; }
        public long IsWorn { get; init; }
        public long IsActive { get; init; }
        public string? CreatedBy { get; init; }
        public string? UpdatedBy { get; init; }
        public string? DeletedBy { get; init; }
        public long CreatedAt { get; init; }
        public long UpdatedAt { get; init; }
        public long? DeletedAt { get; init; }

        public AwardClaim ToClaim() => new(
            Uid, IsClaimed != 0, ClaimedAt, IsWorn != 0, IsActive != 0, CreatedBy, UpdatedBy, DeletedBy, CreatedAt, UpdatedAt, DeletedAt);
    }

    public static async ValueTask<AwardClaim?> Claim(Session session, long userId, long awardId)
    {
        var row = session.Prepare(SelectClaim).Set(1, userId).Set(2, awardId);
        if (!await row.Read())
        {
            return null;
        }
        var claim = new AwardClaim(row.Text(0), row.Long(1) != 0, row.LongOrNull(2), row.Long(3) != 0, row.Long(4) != 0,
            row.TextOrNull(5), row.TextOrNull(6), row.TextOrNull(7), row.Long(8), row.Long(9), row.LongOrNull(10));
        await row.Done();
        return claim;
    }
}
