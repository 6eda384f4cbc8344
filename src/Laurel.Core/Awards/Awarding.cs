using System.Text;
using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Awards;

/// <summary>Awards, removals and visits: checked against the catalogue, fixed, and handed to the ledger.</summary>
public sealed class Awarding
{
    private const int MaximumRecomputations = 5;

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly IdBlocks _ids;
    private readonly TimeProvider _time;

    internal Awarding(
        Database database, Ledger ledger, BadgeCatalogue badges, IssuerCatalogue issuers, UserDirectory users, IdBlocks ids, TimeProvider time) =>
        (_database, _ledger, _badges, _issuers, _users, _ids, _time) = (database, ledger, badges, issuers, users, ids, time);

    /// <summary>An award asked for by a game server from one of its places. Checks, in this order: place, badge, user, whether the
    /// place is of the badge's issuer, whether it is enabled. A held occasion is an outcome with <see cref="AwardOutcome.Created"/> false.</summary>
    /// <param name="placeId">Null when the place was not given or is not a number.</param>
    /// <param name="caller">Null where the call is open.</param>
    /// <exception cref="LedgerFullException">Try again shortly.</exception>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public async ValueTask<(AwardOutcome Outcome, Badge? Badge)> AwardFromPlace(
        long? placeId, long userId, long badgeId, Caller? caller, CancellationToken ct)
    {
        if (placeId is not { } knownPlace || await _issuers.FindPlace(knownPlace) is not { } place)
        {
            return (AwardOutcome.Refused(AwardRefusal.UnknownPlace), null);
        }
        if (await _badges.Find(badgeId) is not { } badge)
        {
            return (AwardOutcome.Refused(AwardRefusal.UnknownBadge), null);
        }
        var refusal =
            place.IssuerId != badge.IssuerId ? AwardRefusal.PlaceMayNotAward
            : caller is not null && !caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.AwardsWrite) ? AwardRefusal.Forbidden
            : (AwardRefusal?)null;
        if (refusal is not null)
        {
            return (AwardOutcome.Refused(await _users.Exists(userId) ? refusal.Value : AwardRefusal.UnknownUser), badge);
        }
        var request = new AwardRequest(userId, badgeId, AwardSource.Roblox) { IsVisit = true };
        return (await Award(request, badge, Lane.Live, ct), badge);
    }

    /// <summary>An award asked for by name.</summary>
    /// <param name="bulk">Imports and batches: they wait behind live requests instead of being turned away.</param>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> Award(AwardRequest request, Caller caller, bool bulk, CancellationToken ct)
    {
        if (await _badges.Find(request.BadgeId) is not { } badge)
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
        }
        if (!caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.AwardsWrite) || (request.Manual && !caller.MayEverywhere(Scopes.AwardsWrite)))
        {
            return AwardOutcome.Refused(AwardRefusal.Forbidden);
        }
        return await Award(request, badge, bulk ? Lane.Bulk : Lane.Live, ct);
    }

    private async ValueTask<AwardOutcome> Award(AwardRequest request, Badge badge, Lane lane, CancellationToken ct)
    {
        var now = _time.Micros();
        if (Invalid(request, now) is { } invalid)
        {
            return AwardOutcome.Refused(invalid);
        }
        for (var tries = 0; ; tries++)
        {
            var id = await _ids.Next(IdKind.Award);
            var outcome = await Ask(request, badge, id, now, replaces: false, claim: null, lane, ct);
            if (outcome is { } known)
            {
                return known;
            }
            if (tries == MaximumRecomputations || await _badges.FindAgain(badge.Id) is not { } current)
            {
                return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
            }
            badge = current;
        }
    }

    /// <summary>Puts an award at an id of the caller's: whoever moves here keeps ids and dates. Disabled badges too; a revocation
    /// stands.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> Import(long awardId, AwardRequest request, AwardClaim? claim, CancellationToken ct)
    {
        if (await _badges.Find(request.BadgeId) is not { } badge)
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
        }
        var now = _time.Micros();
        if (Invalid(request, now) is { } invalid)
        {
            return AwardOutcome.Refused(invalid);
        }
        if (!IdRange.IsOpen(IdKind.Award, awardId)
            && await _database.Read(session => StandingAwards.Find(session, request.UserId, awardId)) is null)
        {
            return AwardOutcome.Refused(AwardRefusal.IdReserved);
        }
        for (var tries = 0; tries <= MaximumRecomputations; tries++)
        {
            if (await Ask(request, badge, awardId, now, replaces: true, claim, Lane.Live, ct) is { } outcome)
            {
                return outcome;
            }
            if (await _badges.FindAgain(badge.Id) is not { } current)
            {
                break;
            }
            badge = current;
        }
        return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
    }

    // Null: the occasion was computed from a recurrence that has changed since.
    private async ValueTask<AwardOutcome?> Ask(
        AwardRequest request, Badge badge, long id, long now, bool replaces, AwardClaim? claim, Lane lane, CancellationToken ct)
    {
        if (!badge.Enabled && !replaces && !request.Manual)
        {
            return AwardOutcome.Refused(await _users.Exists(request.UserId) ? AwardRefusal.Disabled : AwardRefusal.UnknownUser);
        }
        var at = request.AwardedAt ?? now;
        if (Occasion.Of(badge.Recurrence, badge.TimeZone, at, request.Subject, request.ActionId, id) is not { } occasion)
        {
            return AwardOutcome.Refused(await _users.Exists(request.UserId) ? AwardRefusal.OccasionMissing : AwardRefusal.UnknownUser);
        }
        if (!IdRange.IsValid(request.UserId))
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownUser);
        }
        var award = new Award(id, request.UserId, badge.Id, occasion.Key, at, request.Source, request.Subject)
        {
            ActionId = request.ActionId,
            Payload = request.Payload,
        };
        var entry = new AwardEntry(award, badge)
        {
            Manual = request.Manual,
            Replaces = replaces,
            CheckUser = !_users.IsSeen(request.UserId),
            IsVisit = request.IsVisit,
            AskedAt = now,
            Claim = claim ?? (badge.Claimable ? Unclaimed(at, now) : null),
        };
        try
        {
            await _ledger.Submit(entry, lane, ct);
        }
        catch (EntryRefusedByStorageException)
        {
            return AwardOutcome.Refused(AwardRefusal.NotStorable);
        }
        return await Answer(entry);
    }

    private async ValueTask<AwardOutcome?> Answer(AwardEntry entry)
    {
        if (entry.Status != AwardStatus.UnknownUser && entry.CheckUser && entry.Status != AwardStatus.Stale)
        {
            _users.MarkSeen(entry.UserId);
        }
        return entry.Status switch
        {
            AwardStatus.Created => AwardOutcome.Made(entry.Standing ?? entry.Award),
            AwardStatus.Updated => AwardOutcome.Held(entry.Standing!),
            AwardStatus.Held when entry.Replaces => AwardOutcome.Refused(AwardRefusal.OccasionHeld),
            AwardStatus.Held => AwardOutcome.Held(await _database.Read(session => AwardDetails.Complete(session, entry.Standing!))),
            AwardStatus.Removed => AwardOutcome.Refused(AwardRefusal.Revoked),
            AwardStatus.UnknownUser => AwardOutcome.Refused(AwardRefusal.UnknownUser),
            AwardStatus.Stale => null,
            AwardStatus.Open => throw new InvalidOperationException("The ledger answered without deciding."),
        };
    }

    private static AwardRefusal? Invalid(AwardRequest request, long now)
    {
        if (request.AwardedAt is { } at && at > now)
        {
            return AwardRefusal.TimeInFuture;
        }
        if (request.AwardedAt < 0)
        {
            return AwardRefusal.InvalidTime;
        }
        if (request.Subject is not null && !TextRules.IsSubject(request.Subject))
        {
            return AwardRefusal.InvalidSubject;
        }
        if (request.ActionId is { } action && !IdRange.IsValid(action))
        {
            return AwardRefusal.InvalidAction;
        }
        return request.Payload is { } payload && !(TextRules.IsStorable(payload) && TextRules.IsPayload(Encoding.UTF8.GetBytes(payload)))
            ? AwardRefusal.InvalidPayload
            : null;
    }

    private static AwardClaim Unclaimed(long at, long now) => new(
        new Guid(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16)).ToString("D"),
        IsClaimed: false, ClaimedAt: null, IsWorn: false, IsActive: true, CreatedBy: null, UpdatedBy: null, DeletedBy: null, at, now, DeletedAt: null);

    /// <summary>Removes one award of a user; the award that was removed, or null when it does not stand.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<Award?> Remove(long userId, long awardId, RemovalKind kind, long? by, string? reason, CancellationToken ct)
    {
        var entry = new RemovalEntry(userId) { AwardId = awardId, Kind = kind, At = _time.Micros(), By = by, Reason = reason };
        await _ledger.Submit(entry, Lane.Live, ct);
        return entry.Removed.Count == 0 ? null : entry.Removed[0];
    }

    /// <summary>Removes all of a user's awards of a badge, for the user or a manager of the badge's issuer. A badge that is not held
    /// is no refusal.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<RemovalRefusal?> RemoveFrom(long userId, long badgeId, Caller caller, CancellationToken ct)
    {
        if (await _badges.Find(badgeId) is not { } badge)
        {
            return RemovalRefusal.UnknownBadge;
        }
        if (!caller.MayFor(userId, Scopes.AwardsRemove) && !await _badges.MayManage(badge, caller, Scopes.AwardsRemove))
        {
            return RemovalRefusal.Forbidden;
        }
        await RemoveAll(userId, badgeId, RemovalKind.Reset, caller.UserId, reason: null, ct);
        return null;
    }

    /// <summary>Removes all of a user's awards of a badge; how many there were.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<int> RemoveAll(long userId, long badgeId, RemovalKind kind, long? by, string? reason, CancellationToken ct)
    {
        var entry = new RemovalEntry(userId) { BadgeId = badgeId, Kind = kind, At = _time.Micros(), By = by, Reason = reason };
        await _ledger.Submit(entry, Lane.Live, ct);
        return entry.Removed.Count;
    }

    /// <summary>Records that a user was at an issuer. False when the time lies in the future.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<Refusal?> Visit(long issuerId, long userId, long? at, CancellationToken ct)
    {
        var now = _time.Micros();
        if (at is < 0 || at > now)
        {
            return Refusal.Invalid("at", "A visit lies between 1970 and now.");
        }
        if (await _issuers.Find(issuerId) is null)
        {
            return new Refusal(RefusalCode.UnknownIssuer, "No issuer has this id.", "issuerId");
        }
        if (!await _users.Exists(userId))
        {
            return new Refusal(RefusalCode.UnknownUser, "No user has this id.", "userId");
        }
        await _ledger.Submit(new VisitEntry(userId, issuerId, at ?? now), Lane.Live, ct);
        return null;
    }
}
