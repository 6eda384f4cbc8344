using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>An award of which there is more to say than its event in the outbox does.</summary>
/// <param name="issuerId">The badge's.</param>
internal sealed class DeferredAward(Award award, long issuerId, AwardClaim? claim) : DeferredRow(award.UserId)
{
    public Award Award { get; } = award;

    public long IssuerId { get; } = issuerId;

    public AwardClaim? Claim { get; } = claim;

    public override int Weight => 256 + (Claim is null ? 0 : 256)
        + (2 * (Award.Occasion.Length + (Award.Subject?.Length ?? 0) + (Award.Payload?.Length ?? 0)));

    public override async ValueTask Write(Session session)
    {
        // Where its row is, what belongs to it is too.
        if (await LedgerStore.BindInsert(session, Award).Run() == 1)
        {
            await WriteBeside(session);
        }
    }

    /// <summary>Writes what belongs to its row.</summary>
    public async ValueTask WriteBeside(Session session)
    {
        await LedgerStore.CountRepeated(session, Award, IssuerId);
        if (Award.HasDetails)
        {
            await AwardDetails.Write(session, Award);
        }
        if (Claim is not null)
        {
            await AwardDetails.Write(session, UserId, Award.Id, Claim);
        }
    }

    private protected override DeferredKind Kind => DeferredKind.Award;

    private protected override void PackRest(PackedWriter packed)
    {
        packed.Number(Award.BadgeId).Text(Award.Occasion).Number(Award.Id).Number(Award.AwardedAt).Byte((byte)Award.Source)
            .TextOrNull(Award.Subject).NumberOrNull(Award.ActionId).TextOrNull(Award.Payload)
            .NumberOrNull(Award.Rule?.Id).NumberOrNull(Award.Rule?.Revision).NumberOrNull(Award.Rule?.BackfillId).Number(IssuerId)
            .TextOrNull(Claim?.Uid);
        if (Claim is not null)
        {
            // As an award begins: nothing but its two times says more.
            packed.Number(Claim.CreatedAt).Number(Claim.UpdatedAt);
        }
    }

    /// <exception cref="InvalidDataException">Not packed by one of these.</exception>
    public static DeferredAward Unpack(long userId, ref PackedReader packed)
    {
        var (badge, occasion, id, at) = (packed.Number(), packed.Text(), packed.Number(), packed.Number());
        var award = new Award(id, userId, badge, occasion, at, (AwardSource)packed.Byte(), packed.TextOrNull())
        {
            ActionId = packed.NumberOrNull(),
            Payload = packed.TextOrNull(),
        };
        award = award with { Rule = AwardDetails.Rule(packed.NumberOrNull(), packed.NumberOrNull(), packed.NumberOrNull()) };
        var issuer = packed.Number();
        var claim = packed.TextOrNull() is { } uid ? AwardClaim.Unclaimed(packed.Number(), packed.Number()) with { Uid = uid } : null;
        return new DeferredAward(award, issuer, claim);
    }
}
