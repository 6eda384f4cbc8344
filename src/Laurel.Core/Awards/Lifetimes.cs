using System.Collections.Concurrent;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Awards of an issuer with a lifetime disappear when they are so many days old. Who reads a user's awards has what is due
/// removed first; a sweep removes the rest every hour. Where no issuer has a lifetime nothing is asked.</summary>
internal sealed class Lifetimes : IDisposable
{
    private const string Reason = "expired";
    private const string DayLength = "86400000000";

    private const string Columns = "user_id, badge_id, occasion, id, awarded_at, source, subject";

    private const string Set = "SELECT id, lifetime_days FROM issuers WHERE lifetime_days IS NOT NULL";

    private const string DueBadges = $"""
        SELECT r.badge_id, r.standing, i.lifetime_days FROM repeated_awards r JOIN issuers i ON i.id = r.issuer_id
        WHERE r.user_id = $1 AND i.lifetime_days IS NOT NULL AND r.first_at <= $2 - i.lifetime_days * {DayLength}
        """;

    private const string DueInRange = $"SELECT {Columns} FROM awards WHERE user_id = $1 AND badge_id = $2 AND awarded_at <= $3 LIMIT $4";

    // The sign keeps the primary key out of it.
    private const string DueByTime = $"""
        SELECT {Columns} FROM awards WHERE user_id = $1 AND occasion <> '' AND listed = 1 AND awarded_at <= $2 AND +badge_id = $3
        ORDER BY awarded_at, id LIMIT $4
        """;

    // In this order: only few badges are earned once in an issuer with a lifetime.
    private const string DueOnce = $"""
        SELECT a.user_id, a.badge_id, a.occasion, a.id, a.awarded_at, a.source, a.subject
        FROM issuers i CROSS JOIN badges b CROSS JOIN awards a
        WHERE i.lifetime_days IS NOT NULL AND b.issuer_id = i.id AND b.recurrence = 0
          AND a.user_id = $1 AND a.badge_id = b.id AND a.occasion = '' AND a.awarded_at <= $2 - i.lifetime_days * {DayLength}
        LIMIT $3
        """;

    private const string DueUsers = $"""
        SELECT DISTINCT a.user_id FROM
          (SELECT user_id, badge_id, awarded_at FROM awards WHERE (user_id, badge_id, occasion) > ($1, $2, $3)
           ORDER BY user_id, badge_id, occasion LIMIT $4) AS a
        JOIN badges b ON b.id = a.badge_id JOIN issuers i ON i.id = b.issuer_id
        WHERE i.lifetime_days IS NOT NULL AND a.awarded_at <= $5 - i.lifetime_days * {DayLength}
        """;

    // Of several processes on one database, one sweeps.
    private const string TakeTurn = """
        INSERT INTO settings (name, value) VALUES ('lifetimes_swept', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE CAST(settings.value AS BIGINT) <= $2
        """;

    private const long HalfAnHour = 1800 * Clock.Second;

    private readonly Database _database;
    private readonly Ledger _ledger;
    private readonly BadgeCatalogue _badges;
    private readonly IssuerCatalogue _issuers;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<long, long> _lifetimes = new();
    private readonly ConcurrentQueue<long> _changed = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _any;

    public Lifetimes(Database database, ChangeLog changes, Ledger ledger, BadgeCatalogue badges, IssuerCatalogue issuers, TimeProvider time)
    {
        (_database, _ledger, _badges, _issuers, _time) = (database, ledger, badges, issuers, time);
        changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.Issuer)
            {
                _changed.Enqueue(id);
            }
        };
    }

    /// <summary>Reads which issuers have one. Once, after the change log was started.</summary>
    public async Task Start()
    {
        var set = await _database.Read(async session =>
        {
            var found = new List<(long Id, long Days)>();
            var rows = session.Prepare(Set);
            while (await rows.Read())
            {
                found.Add((rows.Long(0), rows.Long(1)));
            }
            return found;
        });
        foreach (var (id, days) in set)
        {
            _lifetimes[id] = days * Clock.Day;
        }
        _any = set.Count > 0;
    }

    /// <summary>Whether an issuer may have a lifetime: then what is due is to be removed before awards are read.</summary>
    public bool AreSet => _any || !_changed.IsEmpty;

    /// <summary>The latest time of awards of a badge that are gone by now; null where they stay.</summary>
    public async ValueTask<long?> GoneThrough(long badgeId) =>
        AreSet && await Any() && await _badges.Find(badgeId) is { } badge && _lifetimes.TryGetValue(badge.IssuerId, out var lifetime)
            ? _time.Micros() - lifetime
            : null;

    /// <summary>Removes what is due of a user.</summary>
    /// <inheritdoc cref="Ledger.Submit" path="/exception"/>
    public ValueTask Expire(long userId) => AreSet ? ExpireNow(userId) : default;

    private async ValueTask ExpireNow(long userId)
    {
        if (!await Any())
        {
            return;
        }
        var now = _time.Micros();
        while (await Due(userId, now) is { Count: > 0 } due)
        {
            await _ledger.Submit(new RemovalEntry(userId) { Awards = due, Kind = RemovalKind.Reset, At = now, Reason = Reason }, Lane.Live, default);
        }
    }

    private async ValueTask<bool> Any()
    {
        if (!_changed.IsEmpty)
        {
            await CatchUp();
        }
        return _any;
    }

    // An issuer leaves the queue when it is known how it is now; whoever reads meanwhile waits.
    private async ValueTask CatchUp()
    {
        await _turn.WaitAsync();
        try
        {
            while (_changed.TryPeek(out var id))
            {
                if ((await _issuers.Find(id))?.LifetimeDays is { } days)
                {
                    _lifetimes[id] = days * Clock.Day;
                }
                else
                {
                    _lifetimes.TryRemove(id, out _);
                }
                _any = !_lifetimes.IsEmpty;
                _changed.TryDequeue(out _);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    // Some of what is due; empty when nothing is left.
    private async ValueTask<List<Award>> Due(long userId, long now)
    {
        var due = new List<Award>();
        foreach (var each in await _ledger.Buffered(userId))
        {
            if (due.Count < RemovalEntry.MaximumAwards && await GoneThrough(each.BadgeId) >= each.AwardedAt)
            {
                due.Add(each.ToAward());
            }
        }
        if (due.Count > 0)
        {
            return due;
        }
        return await _database.Read(async session =>
        {
            var listed = await UserLists.Has(session, userId);
            foreach (var (badge, standing, through) in await ReadDueBadges(session, userId, now))
            {
                var rows = listed && standing > UserLists.Few
                    ? session.Prepare(DueByTime).Set(1, userId).Set(2, through).Set(3, badge)
                    : session.Prepare(DueInRange).Set(1, userId).Set(2, badge).Set(3, through);
                await Add(rows.Set(4, RemovalEntry.MaximumAwards - due.Count), due);
                if (due.Count == RemovalEntry.MaximumAwards)
                {
                    return due;
                }
            }
            await Add(session.Prepare(DueOnce).Set(1, userId).Set(2, now).Set(3, RemovalEntry.MaximumAwards - due.Count), due);
            return due;
        });
    }

    private static async ValueTask<List<(long Badge, long Standing, long Through)>> ReadDueBadges(Session session, long userId, long now)
    {
        var badges = new List<(long, long, long)>();
        var rows = session.Prepare(DueBadges).Set(1, userId).Set(2, now);
        while (await rows.Read())
        {
            badges.Add((rows.Long(0), rows.Long(1), now - (rows.Long(2) * Clock.Day)));
        }
        return badges;
    }

    private static async ValueTask Add(Statement rows, List<Award> due)
    {
        while (await rows.Read())
        {
            var award = StandingAwards.Row(rows);
            // A badge may be due in both ways.
            if (due.TrueForAll(other => other.Id != award.Id))
            {
                due.Add(award);
            }
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>Removes what is due of everybody, walking through the ledger in slices; nothing when another process has done so within
    /// half an hour.</summary>
    /// <inheritdoc cref="Ledger.Submit" path="/exception"/>
    public async Task Sweep()
    {
        if (!await Any() || !await IsOurTurn())
        {
            return;
        }
        for (AwardKey? from = new AwardKey(long.MinValue, long.MinValue, ""); from is { } start;)
        {
            (var users, from) = await _database.ReadSnapshot(async session => (await ReadDueUsers(session, start), await Holders.End(session, start)));
            foreach (var user in users)
            {
                await Expire(user);
            }
        }
    }

    private Task<bool> IsOurTurn() => _database.Write(async session =>
    {
        var now = _time.Micros();
        return await session.Prepare(TakeTurn).Set(1, now.ToString()).Set(2, now - HalfAnHour).Run() == 1;
    });

    private async ValueTask<List<long>> ReadDueUsers(Session session, AwardKey from)
    {
        var users = new List<long>();
        var rows = session.Prepare(DueUsers).Set(1, from.UserId).Set(2, from.BadgeId).Set(3, from.Occasion).Set(4, Holders.SliceRows).Set(5, _time.Micros());
        while (await rows.Read())
        {
            users.Add(rows.Long(0));
        }
        return users;
    }
}
