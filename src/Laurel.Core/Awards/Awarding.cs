using System.Text;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Awards;

/// <summary>Awards, removals and visits: checked against the catalogue, fixed, and handed to the ledger.</summary>
public sealed class Awarding
{
    private const int MaximumRecomputations = 5;

    // Two of the bulk lane's shares of a batch: while one is committed, the next is filled.
    private const int MaximumBulk = 512;

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly UserAwards _awards;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly IdBlocks _ids;
    private readonly TimeProvider _time;
    private readonly Lifetimes _lifetimes;

    internal Awarding(
        Database database, Ledger ledger, UserAwards awards, BadgeCatalogue badges, IssuerCatalogue issuers, UserDirectory users,
        IdBlocks ids, Lifetimes lifetimes, TimeProvider time) =>
        (_database, _ledger, _awards, _badges, _issuers, _users, _ids, _lifetimes, _time) =
        (database, ledger, awards, badges, issuers, users, ids, lifetimes, time);

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
        if (!caller.MayAt((await _issuers.Find(badge.IssuerId))!, Scopes.AwardsWrite) || (request.Manual && !caller.Administers(Scopes.AwardsWrite)))
        {
            return AwardOutcome.Refused(AwardRefusal.Forbidden);
        }
        var outcome = await Award(request, badge, bulk ? Lane.Bulk : Lane.Live, ct);
        return outcome is { Created: false, Award: { } standing }
            ? AwardOutcome.Held(await _database.Read(session => AwardDetails.Complete(session, standing)))
            : outcome;
    }

    /// <summary>An award that its caller may ask for. One that stands already is told without what lies beside the ledger.</summary>
    internal async ValueTask<AwardOutcome> Award(AwardRequest request, Badge badge, Lane lane, CancellationToken ct)
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

    /// <summary>Many awards as imports and batches ask for them, each its own: what happens to one happens to no other. Answers are
    /// in the order of the requests, and so is the work on any one badge of a user; a null answer was not stored, for want of the
    /// database.</summary>
    /// <param name="ct">Stops what has not been stored yet.</param>
    public async Task<IReadOnlyList<AwardOutcome?>> AwardAll(IReadOnlyList<AwardRequest> requests, Caller caller, CancellationToken ct)
    {
        var outcomes = new AwardOutcome?[requests.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaximumBulk, CancellationToken = ct };
        await Parallel.ForEachAsync(await Chains(requests), options, async (chain, stopping) =>
        {
            foreach (var index in chain)
            {
                try
                {
                    outcomes[index] = await Award(requests[index], caller, bulk: true, stopping);
                }
                catch (Exception failure) when (failure is StorageUnavailableException or LedgerFullException)
                {
                }
            }
        });
        return outcomes;
    }

    // Requests that may meet in one occasion follow each other. Awards of a badge that can always be earned never meet.
    private async ValueTask<IEnumerable<List<int>>> Chains(IReadOnlyList<AwardRequest> requests)
    {
        var chains = new Dictionary<(long UserId, long BadgeId, int Own), List<int>>(requests.Count);
        for (var i = 0; i < requests.Count; i++)
        {
            var always = (await _badges.Find(requests[i].BadgeId))?.Recurrence is Recurrence.Always;
            var key = (requests[i].UserId, requests[i].BadgeId, always ? i : -1);
            if (!chains.TryGetValue(key, out var chain))
            {
                chains[key] = chain = [];
            }
            chain.Add(i);
        }
        return chains.Values;
    }

    /// <summary>Puts an award at an id of the caller's: whoever moves here keeps ids and dates. Disabled badges too; a revocation
    /// stands. Administrators only.</summary>
    /// <param name="claim">Null: unclaimed where the badge needs a claim, nothing where it is not.</param>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> Import(long awardId, AwardRequest request, AwardClaimDraft? claim, Caller caller, CancellationToken ct)
    {
        if (!caller.Administers(Scopes.AwardsWrite))
        {
            return AwardOutcome.Refused(AwardRefusal.Forbidden);
        }
        if (claim is not null && Check(claim) is { } invalid)
        {
            throw new ArgumentException(invalid.Message, nameof(claim));
        }
        claim ??= (await _badges.Find(request.BadgeId))?.NeedsClaim == true ? new AwardClaimDraft(null, IsClaimed: false, null, IsWorn: false) : null;
        var standing = claim is null ? null : await _awards.Claim(request.UserId, awardId);
        return await Import(awardId, request, claim is null ? null : Stated(claim, standing, request.AwardedAt, _time.Micros()), ct);
    }

    private static AwardClaim Stated(AwardClaimDraft claim, AwardClaim? standing, long? at, long now) =>
        (standing ?? AwardClaim.Unclaimed(at ?? now, now)) with
        {
            Uid = claim.Uid?.ToLowerInvariant() ?? standing?.Uid ?? AwardClaim.NewUid(),
            IsClaimed = claim.IsClaimed,
            ClaimedAt = claim.ClaimedAt,
            IsWorn = claim.IsWorn,
            // It may have been removed, and comes back.
            IsActive = true,
            DeletedBy = null,
            DeletedAt = null,
            UpdatedAt = now,
        };

    /// <summary>What is wrong with an import's claim; null when nothing is. To be asked before <see cref="Import(long, AwardRequest,
    /// AwardClaimDraft, Caller, CancellationToken)"/>.</summary>
    public static Refusal? Check(AwardClaimDraft claim) =>
        claim.Uid is not null && !Guid.TryParseExact(claim.Uid, "D", out _) ? Refusal.Invalid("uid", "A uid is a UUID.")
        : claim.ClaimedAt is < 0 or > Clock.Latest ? Refusal.Invalid("claimedOn", "A time lies between 1970 and 9999.")
        : claim is { IsClaimed: false, ClaimedAt: not null } ? Refusal.Invalid("claimedOn", "What is not claimed has no time of it.")
        : claim is { IsClaimed: false, IsWorn: true } ? Refusal.Invalid("isBadged", "What is not claimed cannot be worn.")
        : null;

    /// <summary>The same for this program itself.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<AwardOutcome> Import(long awardId, AwardRequest request, AwardClaim? claim, CancellationToken ct)
    {
        if (await _badges.Find(request.BadgeId) is not { } badge)
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
        }
        var now = _time.Micros();
        if (Invalid(request, now, badge) is { } invalid)
        {
            return AwardOutcome.Refused(invalid);
        }
        if (!IdRange.IsOpen(IdKind.Award, awardId)
            && await _awards.Find(request.UserId, awardId) is null)
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

    /// <summary>Why the badge, as it is, would refuse the request whoever it is for.</summary>
    internal static AwardRefusal? WouldRefuse(Badge badge, AwardRequest request, long now) =>
        !badge.Enabled ? AwardRefusal.Disabled
        : Occasion.Of(badge.Recurrence, badge.TimeZone, now, request.Subject, request.ActionId, awardId: 0) is null ? AwardRefusal.OccasionMissing
        : null;

    // Null: the occasion was computed from a recurrence that has changed since.
    private async ValueTask<AwardOutcome?> Ask(
        AwardRequest request, Badge badge, long id, long now, bool replaces, AwardClaim? claim, Lane lane, CancellationToken ct)
    {
        if (!badge.Enabled && !replaces && !request.Manual)
        {
            return AwardOutcome.Refused(await _users.Exists(request.UserId) ? AwardRefusal.Disabled : AwardRefusal.UnknownUser);
        }
        var at = request.AwardedAt ?? now;
        var natural = Occasion.Of(badge.Recurrence, badge.TimeZone, at, request.Subject, request.ActionId, id);
        if ((natural ?? (request.MayLackOccasion ? Occasion.Manual(id) : (Occasion?)null)) is not { } occasion)
        {
            return AwardOutcome.Refused(await _users.Exists(request.UserId) ? AwardRefusal.OccasionMissing : AwardRefusal.UnknownUser);
        }
        if (!IdRange.IsValid(request.UserId))
        {
            return AwardOutcome.Refused(AwardRefusal.UnknownUser);
        }
        if (_lifetimes.AreSet && badge.Recurrence is not Recurrence.Always)
        {
            // What held the occasion may be gone by now.
            await _lifetimes.Expire(request.UserId);
        }
        var entry = Fix(request, badge, occasion, id, at, now, replaces, claim);
        return await TrySubmit(entry, lane, ct) ? Answer(entry) : AwardOutcome.Refused(AwardRefusal.NotStorable);
    }

    private AwardEntry Fix(AwardRequest request, Badge badge, Occasion occasion, long id, long at, long now, bool replaces, AwardClaim? claim)
    {
        var award = new Award(id, request.UserId, badge.Id, occasion.Key, at, request.Source, request.Subject)
        {
            ActionId = request.ActionId,
            Payload = request.Payload,
        };
        return new AwardEntry(award, badge)
        {
            Manual = request.Manual,
            RespectsRevocation = request.RespectsRevocation,
            Replaces = replaces,
            CheckUser = !_users.IsSeen(request.UserId),
            IsVisit = request.IsVisit,
            AskedAt = now,
            Claim = claim ?? (badge.NeedsClaim ? AwardClaim.Unclaimed(at, now) : null),
        };
    }

    // False when the database refused the row.
    private async ValueTask<bool> TrySubmit(LedgerEntry entry, Lane lane, CancellationToken ct)
    {
        try
        {
            await _ledger.Submit(entry, lane, ct);
            return true;
        }
        catch (EntryRefusedByStorageException)
        {
            return false;
        }
    }

    /// <summary>An award to who did an action, about what the action was about. Refused, in this order: an unknown action, one of a type
    /// that the badge does not recognise, a disabled badge.</summary>
    internal async ValueTask<AwardOutcome> AwardForAction(long actionId, Badge badge, CancellationToken ct)
    {
        for (var tries = 0; ; tries++)
        {
            var (id, now) = (await _ids.Next(IdKind.Award), _time.Micros());
            var refusal = AwardRefusal.UnknownAction;
            var asked = new ActionAwardEntry(actionId, action => ForAction(action, badge, id, now, ref refusal));
            if (!await TrySubmit(asked, Lane.Live, ct))
            {
                return AwardOutcome.Refused(AwardRefusal.NotStorable);
            }
            if (asked.Award is not { } entry)
            {
                return AwardOutcome.Refused(refusal);
            }
            if (tries == 0 && entry.Status == AwardStatus.Held && _lifetimes.AreSet)
            {
                // What holds the occasion may be gone by now.
                await _lifetimes.Expire(entry.UserId);
            }
            else if (Answer(entry) is { } outcome)
            {
                return outcome;
            }
            else if (tries == MaximumRecomputations || await _badges.FindAgain(badge.Id) is not { } current)
            {
                return AwardOutcome.Refused(AwardRefusal.UnknownBadge);
            }
            else
            {
                badge = current;
            }
        }
    }

    // What was told with an action was checked when it was recorded.
    private AwardEntry? ForAction(RecordedAction action, Badge badge, long id, long now, ref AwardRefusal refusal)
    {
        var occasion = Occasion.Of(badge.Recurrence, badge.TimeZone, now, action.Subject, action.Id, id);
        refusal = !badge.Recognises.Contains(action.Type) ? AwardRefusal.NotRecognised
            : !badge.Enabled ? AwardRefusal.Disabled
            : AwardRefusal.OccasionMissing;
        var request = new AwardRequest(action.UserId, badge.Id, AwardSource.AnswerHub) { Subject = action.Subject, ActionId = action.Id };
        return refusal == AwardRefusal.OccasionMissing && occasion is { } its
            ? Fix(request, badge, its, id, now, now, replaces: false, claim: null)
            : null;
    }

    private AwardOutcome? Answer(AwardEntry entry)
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
            AwardStatus.Held => AwardOutcome.Held(entry.Standing!),
            AwardStatus.Removed => AwardOutcome.Refused(AwardRefusal.Revoked),
            AwardStatus.UnknownUser => AwardOutcome.Refused(AwardRefusal.UnknownUser),
            AwardStatus.Stale => null,
            AwardStatus.Open => throw new InvalidOperationException("The ledger answered without deciding."),
        };
    }

    internal static AwardRefusal? Invalid(AwardRequest request, long now, Badge? badge = null)
    {
        if (request.AwardedAt is { } at && at > now)
        {
            return AwardRefusal.TimeInFuture;
        }
        if (request.AwardedAt < 0)
        {
            return AwardRefusal.InvalidTime;
        }
        if (request.Subject is not null && !TextRules.IsSubject(request.Subject) && !IsEmptyOfName(request, badge))
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

    // A name that ends in its slash has an empty subject, and so has its award where that is moved to.
    private static bool IsEmptyOfName(AwardRequest request, Badge? badge) => request.Subject is ""
        && (request.Source == AwardSource.Perfumer || (request.Source == AwardSource.Import && badge?.Recurrence is Recurrence.Always));

    /// <summary>Removes one award of a user; the award that was removed, or null when it does not stand.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<Award?> Remove(long userId, long awardId, RemovalKind kind, long? by, string? reason, CancellationToken ct)
    {
        var entry = new RemovalEntry(userId) { AwardId = awardId, Kind = kind, At = _time.Micros(), By = by, Reason = reason };
        await _ledger.Submit(entry, Lane.Live, ct);
        return entry.Removed.Count == 0 ? null : entry.Removed[0];
    }

    /// <summary>Removes one award of a user, for a caller who may: administrators, services and who manages the badge both ways; the
    /// user their own by reset.</summary>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<Outcome<Award>> Remove(
        Caller caller, long userId, long awardId, RemovalKind kind, string? reason, CancellationToken ct)
    {
        if (reason is not null && !TextRules.IsReason(reason))
        {
            return Refusal.Invalid("reason", "A reason has at most 1,000 characters.");
        }
        if (await _awards.Find(userId, awardId) is not { } standing)
        {
            return UnknownAward;
        }
        if (!await MayRemove(standing, kind, caller))
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not remove this award.");
        }
        return await Remove(userId, awardId, kind, caller.UserId, reason, ct) is { } removed ? removed : UnknownAward;
    }

    private static Refusal UnknownAward => new(RefusalCode.UnknownAward, "The user has no award with this id.");

    private async ValueTask<bool> MayRemove(Award award, RemovalKind kind, Caller caller) =>
        (await _badges.Find(award.BadgeId) is { } badge && await _badges.MayManage(badge, caller, Scopes.AwardsRemove))
        || (kind == RemovalKind.Reset && caller.MayFor(award.UserId, Scopes.AwardsRemove));

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

    /// <summary>Records that a user was at an issuer. Null when it is done.</summary>
    /// <param name="caller">Who asks: administrators, services, and the issuer's managers may. Null: this program itself.</param>
    /// <inheritdoc cref="AwardFromPlace" path="/exception"/>
    public async ValueTask<Refusal?> Visit(long issuerId, long userId, long? at, CancellationToken ct, Caller? caller = null)
    {
        var now = _time.Micros();
        if (at is < 0 || at > now)
        {
            return Refusal.Invalid("at", "A visit lies between 1970 and now.");
        }
        if (await _issuers.Find(issuerId) is not { } issuer)
        {
            return new Refusal(RefusalCode.UnknownIssuer, "No issuer has this id.", "issuerId");
        }
        if (caller?.MayAt(issuer, Scopes.VisitsWrite) == false)
        {
            return new Refusal(RefusalCode.Forbidden, "This key may not tell visits of this issuer.");
        }
        if (!await _users.Exists(userId))
        {
            return new Refusal(RefusalCode.UnknownUser, "No user has this id.", "userId");
        }
        await _ledger.Submit(new VisitEntry(userId, issuerId, at ?? now), Lane.Live, ct);
        return null;
    }
}
