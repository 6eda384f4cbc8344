using System.Globalization;
using System.Runtime.CompilerServices;
using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Awards;

/// <summary>An award as it is shown in its collection. <paramref name="Payload"/> is a JSON object or array, null where there is
/// none; <paramref name="AwardedAt"/> in microseconds since 1970 UTC.</summary>
public sealed record NamedAward(string Name, string? Payload, long AwardedAt);

/// <summary>Why a call on a collection was refused, in the order it checks.</summary>
public enum CollectionRefusal
{
    InvalidCollection,
    InvalidUser,
    InvalidName,
    InvalidPayload,

    /// <summary>The caller's key may not do this here.</summary>
    Forbidden,

    /// <summary>The badge is disabled, the award was revoked, or the database refused the row.</summary>
    NotAwarded,
}

/// <summary>Issuers as collections: awards by name, of users and collections that come to be with their first award. A collection or
/// user in digits is named by id, any other by key.</summary>
public sealed class Collections
{
    /// <summary>The most names that are counted at once.</summary>
    public const int MaximumNames = 1000;

    // Up to so many are sorted in memory; more are read by time.
    private const int Sorted = 10_000;

    private readonly NamedAwards _named;
    private readonly Ledger _ledger;
    private readonly Lifetimes _lifetimes;
    private readonly UserAwards _awards;
    private readonly Awarding _awarding;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly UserDirectory _users;
    private readonly TimeProvider _time;

    internal Collections(
        Database database, Ledger ledger, Lifetimes lifetimes, UserAwards awards, Awarding awarding, BadgeCatalogue badges,
        IssuerCatalogue issuers, UserDirectory users, TimeProvider time)
    {
        (_named, _ledger, _lifetimes, _awards, _awarding) = (new NamedAwards(database, ledger), ledger, lifetimes, awards, awarding);
        (_badges, _issuers, _users, _time) = (badges, issuers, users, time);
    }

    /// <summary>Posts an award by name. What it names comes to be: the collection, a badge of it that can always be earned, the user.
    /// A badge that can not always be earned keeps its recurrence: where its occasion is held, nothing is written.</summary>
    /// <param name="payload">Any JSON; what is no object or array is kept as the one item of an array.</param>
    /// <param name="caller">Null where the call is open. Otherwise: who may award here; to make a collection, who may everywhere.</param>
    /// <returns>Null when the award stands.</returns>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<CollectionRefusal?> Post(
        string collection, string user, string name, string? payload, Caller? caller, CancellationToken ct)
    {
        var issuer = await _issuers.FindByName(collection);
        if (issuer is null && !IdRange.MayName(IdKind.Issuer, collection))
        {
            return CollectionRefusal.InvalidCollection;
        }
        // Who can come to be by this is not looked for before: the batch that awards does it at a quarter of the cost, and may not find them.
        var mayBeMade = IdRange.MayName(IdKind.User, user);
        var userId = mayBeMade && TextRules.TryCanonicalId(user, out var own) ? own : await _users.FindIdByKey(user);
        if (userId is null && !mayBeMade)
        {
            return CollectionRefusal.InvalidUser;
        }
        var named = AwardName.Of(name);
        if (!TextRules.IsBadgeKey(named.Key) || !TextRules.IsName(named.Key))
        {
            return CollectionRefusal.InvalidName;
        }
        var request = new AwardRequest(userId ?? 0, 0, AwardSource.Perfumer) { Subject = named.Subject, Payload = CollectionPayload.Of(payload) };
        if (Awarding.Invalid(request, _time.Micros()) is { } invalid)
        {
            return Refused(invalid);
        }
        if (caller is not null && !(issuer is null ? caller.MayEverywhere(Scopes.AwardsWrite) : caller.MayAt(issuer, Scopes.AwardsWrite)))
        {
            return CollectionRefusal.Forbidden;
        }
        if (issuer is null && !(await _issuers.FindOrMake(collection)).Succeeded(out issuer, out _))
        {
            return CollectionRefusal.InvalidCollection;
        }
        return await Post(issuer, user, userId, named.Key, request, ct);
    }

    private async ValueTask<CollectionRefusal?> Post(
        Issuer issuer, string user, long? userId, string key, AwardRequest request, CancellationToken ct)
    {
        var badge = await _badges.FindByKey(issuer.Id, key) ?? await FindUnnamed(issuer.Id, key);
        if (badge is null && !(await _badges.FindOrMake(issuer.Id, key)).Succeeded(out badge, out _))
        {
            return CollectionRefusal.InvalidName;
        }
        // Nobody comes to be by an award that is refused.
        if (Awarding.WouldRefuse(badge, request, _time.Micros()) is { } refusal)
        {
            return Refused(refusal);
        }
        request = request with { BadgeId = badge.Id };
        if (userId is { } named)
        {
            var outcome = await _awarding.Award(request with { UserId = named }, badge, Lane.Live, ct);
            if (outcome.Refusal != AwardRefusal.UnknownUser)
            {
                return Refused(outcome);
            }
        }
        return (await _users.FindOrMake(user)).Succeeded(out var made, out _)
            ? Refused(await _awarding.Award(request with { UserId = made }, badge, Lane.Live, ct))
            : CollectionRefusal.InvalidUser;
    }

    private static CollectionRefusal? Refused(AwardOutcome outcome) => outcome.Refusal is { } refusal ? Refused(refusal) : null;

    // A badge without a key is named by its id.
    private async ValueTask<Badge?> FindUnnamed(long issuerId, string digits) =>
        await FindById(issuerId, digits) is { Key: null } badge ? badge : null;

    private async ValueTask<Badge?> FindById(long issuerId, string digits) =>
        TextRules.TryCanonicalId(digits, out var id) && await _badges.Find(id) is { } badge && badge.IssuerId == issuerId ? badge : null;

    private static CollectionRefusal Refused(AwardRefusal refusal) => refusal switch
    {
        AwardRefusal.Forbidden => CollectionRefusal.Forbidden,
        AwardRefusal.Disabled or AwardRefusal.Revoked or AwardRefusal.NotStorable => CollectionRefusal.NotAwarded,
        AwardRefusal.UnknownUser => CollectionRefusal.InvalidUser,
        AwardRefusal.InvalidPayload => CollectionRefusal.InvalidPayload,
        // Its badge needs a subject or an action that the name does not give, or it is too long.
        AwardRefusal.OccasionMissing or AwardRefusal.InvalidSubject or AwardRefusal.UnknownBadge => CollectionRefusal.InvalidName,
        AwardRefusal.UnknownPlace or AwardRefusal.PlaceMayNotAward or AwardRefusal.OccasionHeld or AwardRefusal.IdReserved
            or AwardRefusal.TimeInFuture or AwardRefusal.InvalidTime or AwardRefusal.InvalidAction or AwardRefusal.UnknownAction
            or AwardRefusal.NotRecognised =>
            throw new InvalidOperationException("Nothing was asked that could be refused so."),
    };

    /// <summary>A user's awards in a collection, newest first, ties newest id first: all, or those at and below a name. Awards that come
    /// while it is read are not among them.</summary>
    /// <param name="caller">Null for somebody unknown. Badges that are hidden until they are claimed show under their id.</param>
    /// <returns>Some at a time. Nothing where there is no such collection, user or name.</returns>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async IAsyncEnumerable<IReadOnlyList<NamedAward>> List(
        string collection, string user, string? name, Caller? caller, [EnumeratorCancellation] CancellationToken ct)
    {
        if (await Find(collection, user, caller) is not var (view, userId))
        {
            yield break;
        }
        var selections = await Select(view, name);
        var few = new List<Award>();
        await foreach (var some in Matching(userId, view, selections, through: null, ct))
        {
            few.AddRange(some);
            if (few.Count > Sorted)
            {
                break;
            }
        }
        if (few.Count <= Sorted)
        {
            few.Sort(NewestFirst);
            foreach (var some in few.Chunk(NamedAwards.Page))
            {
                yield return await Show(view, some);
            }
            yield break;
        }
        few = [];
        await foreach (var some in ByTime(userId, view, selections, ct))
        {
            yield return await Show(view, some);
        }
    }

    private static readonly Comparison<Award> NewestFirst = (a, b) => Position.Of(b).CompareTo(Position.Of(a));

    private async IAsyncEnumerable<List<Award>> ByTime(
        long userId, View view, List<Selection> selections, [EnumeratorCancellation] CancellationToken ct)
    {
        await _named.List(userId, ct);
        var buffered = await Buffered(userId, view, selections);
        for (var after = Position.Last; after != Position.First;)
        {
            ct.ThrowIfCancellationRequested();
            var page = await _named.Newest(userId, after);
            var end = page.Count < NamedAwards.Page ? Position.First : Position.Of(page[^1]);
            var known = page.Select(award => award.Id).ToHashSet();
            page.AddRange(buffered.Where(award =>
                Position.Of(award).IsBehind(after, ascending: false) && !Position.Of(award).IsBehind(end, ascending: false) && known.Add(award.Id)));
            var found = new List<Award>();
            foreach (var selection in selections)
            {
                found.AddRange(await Shown(await Chosen(page, view, selection), selection));
            }
            found.Sort(NewestFirst);
            if (found.Count > 0)
            {
                yield return found;
            }
            after = end;
        }
    }

    private async ValueTask<List<Award>> Chosen(List<Award> awards, View view, Selection selection)
    {
        var chosen = new List<Award>();
        foreach (var award in awards)
        {
            if (selection.Badge is { } badge
                ? award.BadgeId == badge.Id && AwardName.IsUnder(award.Subject, selection.Prefix)
                : (await _badges.Find(award.BadgeId))?.IssuerId == view.Issuer.Id)
            {
                chosen.Add(award);
            }
        }
        return chosen;
    }

    /// <summary>Removes a user's awards in a collection, all or those at and below a name, as they stand when it is asked; they can be
    /// earned again.</summary>
    /// <param name="caller">Null where the call is open. Otherwise who may remove awards here, or the user themself.</param>
    /// <returns>Null when they are gone. That there are none is no refusal.</returns>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<CollectionRefusal?> Remove(string collection, string user, string? name, Caller? caller, CancellationToken ct)
    {
        if (caller?.Has(Scopes.AwardsRemove) == false)
        {
            return CollectionRefusal.Forbidden;
        }
        if (await Find(collection, user, caller) is not var (view, userId))
        {
            return null;
        }
        if (caller is not null && !caller.MayAt(view.Issuer, Scopes.AwardsRemove) && !caller.MayFor(userId, Scopes.AwardsRemove))
        {
            return CollectionRefusal.Forbidden;
        }
        var at = _time.Micros();
        foreach (var selection in await Select(view, name))
        {
            // Of very many, the earliest that is left is found by time only.
            if ((await _named.Count(userId, view.Issuer.Id, [selection.Badge?.Id], []))[0] > Sorted)
            {
                await _named.List(userId, ct);
            }
            var through = await _named.LastKey(userId, selection.Badge?.Id) ?? default;
            await foreach (var some in Matching(userId, view, [selection], through, ct))
            {
                await _ledger.Submit(new RemovalEntry(userId) { Awards = some, Kind = RemovalKind.Reset, At = at, By = caller?.UserId }, Lane.Live, ct);
            }
        }
        return null;
    }

    /// <summary>How many awards a user has in a collection at and below each of the names, in their order; 0 where there is no such
    /// collection, user or name. <see cref="AwardName.All"/> counts all.</summary>
    /// <param name="caller">Null for somebody unknown.</param>
    /// <returns>Null when there are more than <see cref="MaximumNames"/>.</returns>
    /// <inheritdoc cref="Awarding.AwardFromPlace" path="/exception"/>
    public async ValueTask<long[]?> Count(string collection, string user, IReadOnlyList<string> names, Caller? caller, CancellationToken ct)
    {
        if (names.Count > MaximumNames)
        {
            return null;
        }
        var counts = new long[names.Count];
        if (await Find(collection, user, caller) is not var (view, userId))
        {
            return counts;
        }
        var kept = new List<(int Index, Selection Selection)>();
        var below = new List<(int Index, Selection Selection)>();
        for (var i = 0; i < counts.Length; i++)
        {
            foreach (var selection in await Select(view, names[i] == AwardName.All ? null : names[i]))
            {
                if (selection is { Prefix: null, Which: Which.Any })
                {
                    kept.Add((i, selection));
                }
                else if (selection.Which == Which.Any)
                {
                    below.Add((i, selection));
                }
                else
                {
                    counts[i] += await CountMasked(userId, view, selection, ct);
                }
            }
        }
        foreach (var badge in below.GroupBy(each => each.Selection.Badge!.Id))
        {
            var found = await _named.CountUnder(userId, badge.Key, [.. badge.Select(each => each.Selection.Prefix!).Distinct()], ct);
            foreach (var (index, selection) in badge)
            {
                counts[index] += found[selection.Prefix!];
            }
        }
        if (kept.Count > 0)
        {
            var buffered = await Buffered(userId, view, [Selection.Everything]);
            var found = await _named.Count(userId, view.Issuer.Id, [.. kept.Select(each => each.Selection.Badge?.Id)], buffered);
            for (var i = 0; i < found.Length; i++)
            {
                counts[kept[i].Index] += found[i];
            }
        }
        return counts;
    }

    private async ValueTask<long> CountMasked(long userId, View view, Selection selection, CancellationToken ct)
    {
        var count = 0L;
        await foreach (var some in Matching(userId, view, [selection], through: null, ct))
        {
            count += some.Count;
        }
        return count;
    }

    // How a caller sees an issuer.
    private readonly record struct View(Issuer Issuer, bool SeesHidden);

    private enum Which
    {
        Any,
        Claimed,
        Unclaimed,
    }

    // Awards of a badge, or of all of the issuer's, at or below a subject.
    private readonly record struct Selection(Badge? Badge, string? Prefix, Which Which)
    {
        public static readonly Selection Everything = new(null, null, Which.Any);
    }

    private async ValueTask<(View View, long UserId)?> Find(string collection, string user, Caller? caller)
    {
        if (await _issuers.FindByName(collection) is not { } issuer || await _users.NamedBy(user) is not { } userId)
        {
            return null;
        }
        await _lifetimes.Expire(userId);
        await _ledger.Settle(userId);
        return (new View(issuer, caller?.SeesHidden(issuer) == true), userId);
    }

    // What is shown under a name. Until it is claimed, an award of a badge that hides has no other name than the badge's id.
    private async ValueTask<List<Selection>> Select(View view, string? name)
    {
        if (name is null)
        {
            return [Selection.Everything];
        }
        var named = AwardName.Of(name);
        var selections = new List<Selection>(1);
        if (await _badges.FindByKey(view.Issuer.Id, named.Key) is { } keyed)
        {
            selections.Add(new Selection(keyed, named.Subject, IsMasked(keyed, view) ? Which.Claimed : Which.Any));
        }
        if (await FindById(view.Issuer.Id, named.Key) is { } numbered)
        {
            var isMasked = IsMasked(numbered, view);
            if (numbered.Key is null)
            {
                selections.Add(new Selection(numbered, named.Subject, isMasked && named.Subject is not null ? Which.Claimed : Which.Any));
            }
            else if (isMasked && named.Subject is null)
            {
                selections.Add(new Selection(numbered, null, Which.Unclaimed));
            }
        }
        return selections;
    }

    private static bool IsMasked(Badge badge, View view) => badge.HiddenUntilClaimed && !view.SeesHidden;

    // In the order of their keys, at most a page at once; what was only buffered at first comes last.
    private async IAsyncEnumerable<List<Award>> Matching(
        long userId, View view, List<Selection> selections, AwardKey? through, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var selection in selections)
        {
            var buffered = await Buffered(userId, view, [selection]);
            await foreach (var some in _named.Of(userId, view.Issuer.Id, selection.Badge?.Id, selection.Prefix, through, ct))
            {
                if (buffered.Count > 0)
                {
                    var known = some.Select(award => award.Id).ToHashSet();
                    buffered.RemoveAll(award => known.Contains(award.Id));
                }
                if (await Shown(some, selection) is { Count: > 0 } shown)
                {
                    yield return shown;
                }
            }
            foreach (var some in (await Shown(buffered, selection)).Chunk(NamedAwards.Page))
            {
                yield return [.. some];
            }
        }
    }

    // To be read before the table: a row only ever moves there.
    private async ValueTask<List<Award>> Buffered(long userId, View view, List<Selection> selections)
    {
        var awards = (await _ledger.Buffered(userId)).Select(each => each.ToAward()).ToList();
        var chosen = new List<Award>();
        foreach (var selection in awards.Count == 0 ? [] : selections)
        {
            chosen.AddRange(await Chosen(awards, view, selection));
        }
        return chosen;
    }

    private async ValueTask<List<Award>> Shown(List<Award> awards, Selection selection)
    {
        if (selection.Which == Which.Any || awards.Count == 0)
        {
            return awards;
        }
        var claims = await _awards.Claims(awards);
        return awards.FindAll(award => (claims.GetValueOrDefault((award.UserId, award.Id))?.IsClaimed == true) == (selection.Which == Which.Claimed));
    }

    private async ValueTask<List<NamedAward>> Show(View view, IReadOnlyList<Award> awards)
    {
        Dictionary<(long UserId, long AwardId), AwardClaim>? claims = null;
        var shown = new List<NamedAward>(awards.Count);
        foreach (var award in await _awards.Complete(awards))
        {
            var badge = (await _badges.Find(award.BadgeId))!;
            if (IsMasked(badge, view)
                && (claims ??= await _awards.Claims(awards)).GetValueOrDefault((award.UserId, award.Id))?.IsClaimed != true)
            {
                shown.Add(new NamedAward(Digits(badge), null, award.AwardedAt));
            }
            else
            {
                var name = new AwardName(badge.Key ?? Digits(badge), award.Subject);
                shown.Add(new NamedAward(name.ToString(), CollectionPayload.Of(award.Payload), award.AwardedAt));
            }
        }
        return shown;
    }

    private static string Digits(Badge badge) => badge.Id.ToString(CultureInfo.InvariantCulture);
}
