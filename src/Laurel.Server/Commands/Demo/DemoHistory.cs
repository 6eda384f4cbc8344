using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Commands.Demo;

/// <summary>Somebody was at an issuer.</summary>
internal sealed record DemoVisit(long IssuerId, long UserId, long At);

/// <summary>What happened in the 90 days before now. Every award is one that the ledger will take: no occasion occurs twice.</summary>
internal sealed class DemoHistory
{
    private const int Days = 90;

    // How often an award is drawn that cannot be, before there are taken to be no more.
    private const int Patience = 2000;

    private readonly Dice _dice;
    private readonly long _now;
    private readonly List<DemoUser> _users;
    private readonly double[] _activity;
    private readonly Dictionary<int, (List<DemoBadge> Badges, double[] Weights)> _byIssuer = [];
    private readonly HashSet<(long User, long Badge, string Occasion)> _held = [];
    private readonly DemoRules _rules;
    private long _lastAction = DemoTour.ActionId;

    public DemoHistory(List<DemoUser> users, List<DemoBadge> badges, DemoRules rules, long now, Dice dice)
    {
        (_users, _rules, _now, _dice) = (users, rules, now, dice);
        _activity = Dice.Sums(users.Select(user => user.Activity));
        for (var issuer = 0; issuer < DemoCatalogue.Issuers.Count; issuer++)
        {
            var own = badges.FindAll(badge => badge.Issuer == DemoCatalogue.Issuers[issuer]);
            if (own.Count > 0)
            {
                _byIssuer[issuer] = (own, Dice.Sums(own.Select(badge => badge.Weight)));
            }
        }
    }

    /// <summary>How many awards the collector's rule makes of these.</summary>
    public int Collections { get; private set; }

    /// <summary>Awards in the order in which they happened.</summary>
    /// <param name="count">How many, with those that the collector's rule makes of them.</param>
    public List<AwardRequest> Awards(int count)
    {
        var awards = new List<AwardRequest>(count);
        for (var misses = 0; awards.Count + Collections < count && misses < Patience;)
        {
            if (Draw(count - awards.Count - Collections) is { } award)
            {
                awards.Add(award);
                misses = 0;
            }
            else
            {
                misses++;
            }
        }
        awards.Sort((a, b) => (a.AwardedAt!.Value, a.UserId, a.BadgeId).CompareTo((b.AwardedAt!.Value, b.UserId, b.BadgeId)));
        return awards;
    }

    private AwardRequest? Draw(int room)
    {
        var user = _users[_dice.Weighted(_activity)];
        if (!_byIssuer.TryGetValue(_dice.Of(user.Issuers), out var issuer))
        {
            return null;
        }
        var badge = issuer.Badges[_dice.Weighted(issuer.Weights)];
        var at = Moment();
        var request = new AwardRequest(user.Id, badge.Id, badge.Issuer.Source)
        {
            AwardedAt = at,
            Subject = badge.Draft.Recurrence is Recurrence.PerSubject || badge.Issuer.Source == AwardSource.Perfumer ? Subject(badge) : null,
            ActionId = badge.Draft.Recurrence is Recurrence.PerAction ? ++_lastAction : null,
        };
        var completes = Completes(user, badge);
        if ((completes && room < 2) || DemoTour.Owns(user, badge) || _rules.Owns(user, badge) || IsHeld(badge, request))
        {
            return null;
        }
        Collections += completes ? 1 : 0;
        return request;
    }

    // A badge of the set that is held already completes nothing: it is not drawn again.
    private bool Completes(DemoUser user, DemoBadge badge) =>
        _rules.Collection.Contains(badge.Id) && _rules.Collection.All(id => id == badge.Id || _held.Contains((user.Id, id, "")));

    private bool IsHeld(DemoBadge badge, AwardRequest request) => badge.Draft.Recurrence is not Recurrence.Always && !_held.Add(
        (request.UserId, badge.Id, Occasion.Of(badge.Draft.Recurrence, badge.Issuer.Zone, request.AwardedAt!.Value, request.Subject, request.ActionId, 0)!.Value.Key));

    private string Subject(DemoBadge badge) => badge.Issuer.Source switch
    {
        AwardSource.AnswerHub => $"node:{10_000 + _dice.Below(20_000)}",
        AwardSource.AISquare => $"project:{1 + _dice.Below(900)}",
        AwardSource.Perfumer => $"{1 + _dice.Below(900)}",
        _ => $"place:{1 + _dice.Below(60)}",
    };

    // More lately than long ago, more in the evening than at night, and always before now.
    private long Moment()
    {
        var day = (long)(Days * Math.Pow(_dice.Unit(), 1.25)) * Clock.Day;
        var hour = (_dice.Unit() + _dice.Unit() + _dice.Unit()) / 3;
        var at = Clock.DayOf(_now) * Clock.Day - day + (long)((hour + 0.25) * Clock.Day);
        while (at >= _now)
        {
            at -= Clock.Day;
        }
        return Math.Max(at, _now - (Days * Clock.Day));
    }

    /// <summary>Who was where in the past day: all who were awarded something then, and as many again and more who were not.</summary>
    public List<DemoVisit> Visits(IReadOnlyList<AwardRequest> awards, List<DemoBadge> badges)
    {
        var issuers = badges.ToDictionary(badge => badge.Id, badge => badge.Issuer.Id);
        var seen = new Dictionary<(long Issuer, long User), long>();
        foreach (var award in awards.Where(award => award.AwardedAt > _now - Clock.Day + Clock.Bucket))
        {
            seen[(issuers[award.BadgeId], award.UserId)] = award.AwardedAt!.Value;
        }
        foreach (var user in _users.Where(user => user.Activity > 0 && _dice.Below(3) == 0))
        {
            foreach (var issuer in user.Issuers)
            {
                seen.TryAdd((DemoCatalogue.Issuers[issuer].Id, user.Id), _now - (long)(_dice.Unit() * 0.99 * Clock.Day));
            }
        }
        return [.. seen.Select(each => new DemoVisit(each.Key.Issuer, each.Key.User, each.Value)).OrderBy(visit => visit.At)];
    }
}
