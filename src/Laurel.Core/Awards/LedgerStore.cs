using System.Runtime.InteropServices;
using Laurel.Core.Actions;
using Laurel.Core.Rewards;
using Laurel.Core.Rules;
using Laurel.Core.Storage;

namespace Laurel.Core.Awards;

/// <summary>Writes a batch of ledger entries in one transaction. The order of the work inside a batch is the same on both
/// engines; what differs is how many rows travel in one statement, and how a commit ends.</summary>
internal abstract class LedgerStore(short node)
{
    // Plain values: an INSERT … SELECT would keep a journal of its own for every row on SQLite.
    private const string InsertAward = """
        INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, subject, listed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN EXISTS (SELECT 1 FROM listed_users WHERE user_id = $1) THEN 1 ELSE $8 END)
        ON CONFLICT DO NOTHING
        """;

    /// <summary>The same where everybody is listed, as <see cref="BindInsert"/> binds it.</summary>
    // Where everybody is listed there is nothing to ask; and Citus takes no question among the values.
    protected const string InsertListedAward = """
        INSERT INTO awards (user_id, badge_id, occasion, id, awarded_at, source, subject, listed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT DO NOTHING
        """;

    // A revocation forbids an award (to automatic requests a reset does too), and of a badge that can be earned once any duplicate
    // that stands makes it held. Asked after the insert, not before it: an insert that had to wait for a removal sees what it wrote.
    protected const string Forbidden = """
        SELECT 1 WHERE EXISTS (SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3
                               AND lifted = 0 AND kind >= $4)
          OR ($3 = '' AND EXISTS (SELECT 1 FROM repeated_awards WHERE user_id = $1 AND issuer_id = $5 AND badge_id = $2))
        """;

    private const string Revoked = """
        SELECT 1 FROM award_history WHERE user_id = $1 AND badge_id = $2 AND occasion = $3 AND lifted = 0 AND kind = 2
        """;

    private const string DeleteAward = "DELETE FROM awards WHERE user_id = $1 AND badge_id = $2 AND occasion = $3";

    private const string ListUser = "INSERT INTO listed_users (user_id) VALUES ($1) ON CONFLICT DO NOTHING";

    private const string ListAwards = """
        UPDATE awards SET listed = 1 WHERE user_id = $1
          AND (badge_id, occasion) IN (SELECT badge_id, occasion FROM awards WHERE user_id = $1 AND listed = 0 LIMIT $2)
        """;

    // Somebody may have a million, and others wait for the same batch.
    private const int ListedAtOnce = 5000;

    private const string UserExists = "SELECT 1 FROM users WHERE id = $1";

    private const string FreezeBadge =
        "UPDATE badges SET awarded = 1 WHERE id = $1 AND awarded = 0 AND recurrence_version = $2";

    private const string FrozenVersion = "SELECT recurrence_version FROM badges WHERE id = $1 AND awarded = 1";

    /// <summary>Of an insert into repeated_awards: counts what is inserted with what is there.</summary>
    internal const string CountTogether = """
        ON CONFLICT (user_id, issuer_id, badge_id) DO UPDATE SET
          standing = repeated_awards.standing + excluded.standing,
          first_id = CASE WHEN excluded.first_at < repeated_awards.first_at
                            OR (excluded.first_at = repeated_awards.first_at AND excluded.first_id < repeated_awards.first_id)
                          THEN excluded.first_id ELSE repeated_awards.first_id END,
          first_at = CASE WHEN excluded.first_at < repeated_awards.first_at THEN excluded.first_at ELSE repeated_awards.first_at END
        """;

    private const string UpsertRepeated = $"""
        INSERT INTO repeated_awards (user_id, issuer_id, badge_id, standing, first_at, first_id) VALUES ($1, $2, $3, 1, $4, $5)
        {CountTogether}
        """;

    // The condition makes a second sighting in the same five minutes a no-op; what it returns is the bucket that was left.
    private const string MoveVisitor = """
        INSERT INTO visitors (user_id, issuer_id, bucket, previous) VALUES ($1, $2, $3, NULL)
        ON CONFLICT (user_id, issuer_id) DO UPDATE SET previous = visitors.bucket, bucket = excluded.bucket
        WHERE visitors.bucket < excluded.bucket
        RETURNING previous
        """;

    private const string InsertOutbox = "INSERT INTO outbox (node, sequence, committed_at, events) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";

    private readonly VisitorsSeen _seen = new();
    private readonly List<OutboxEvent> _events = [];
    private readonly List<AwardEntry> _byRules = [];

    // By the batch that runs, or found so in it: until it ends they stay so.
    private readonly HashSet<Badges.Badge> _frozen = new(ReferenceEqualityComparer.Instance);
    private int _rows;

    /// <summary>What evaluates rules in each batch.</summary>
    public RuleEngine? Rules { get; set; }

    /// <summary>The batch writes what is no event: it needs a row of the outbox, its token, even if nothing else happens.</summary>
    public bool RecordsMore { get; set; }

    public short Node { get; } = node;

    /// <summary>The number of this node's last certain row of the outbox. The writer thread alone moves it.</summary>
    public long Sequence { get; protected set; }

    /// <summary>Reads where this node's numbering stands, and what a dead process had not finished. Once, before the first commit.</summary>
    public abstract void Start(TimeProvider time);

    /// <summary>Commits the batch, which is in key order, and sets each entry's outcome.</summary>
    /// <param name="repeat">The batch may have been committed already, by a COMMIT whose outcome is unknown.</param>
    /// <returns>What the batch did, for the statistics in memory.</returns>
    /// <exception cref="CommitUnknownException">COMMIT was sent and not answered: repeat.</exception>
    /// <exception cref="StorageUnavailableException">Nothing was stored and the database is not there.</exception>
    public abstract IReadOnlyList<OutboxEvent> Commit(List<LedgerEntry> batch, long now, bool repeat);

    /// <summary>Whether awards or visits are committed whose rows are not in their tables yet, or which the tallies do not count.</summary>
    public virtual bool HasBuffered => false;

    /// <summary>Moves some of them there, in a transaction of its own.</summary>
    /// <exception cref="StorageUnavailableException">Nothing was moved.</exception>
    public virtual void Flush(long now)
    {
    }

    /// <summary>A user's awards that are committed and not in their table. To be read before the table: a row moves there, never back.</summary>
    public virtual IReadOnlyList<BufferedAward> Buffered(long userId) => [];

    /// <summary>A user's awards that the running transaction does not find in their table; for the writer's thread.</summary>
    internal virtual IReadOnlyList<BufferedAward> Unwritten(long userId) => [];

    /// <summary>Whether more of a user's rows are committed and not in their tables than <see cref="Buffered"/> tells.</summary>
    public virtual bool HasDeferred(long userId) => false;

    /// <summary>The next users who have something that is in no table, by id.</summary>
    /// <param name="actors">Actions.</param>
    /// <param name="holders">Awards.</param>
    /// <param name="ofBatch">Also whom the batch that runs concerns; for the writer's thread.</param>
    public virtual IEnumerable<long> BufferedUsers(long after, int limit, bool actors, bool holders, bool ofBatch) => [];

    /// <summary>Awards of a badge that are committed and not in their table. To be read before the table.</summary>
    public virtual IReadOnlyList<Award> BufferedOfBadge(long badgeId) => [];

    /// <summary>Users' stored counts in rules, which no other transaction changes until this one ends; absent where there is none. Others
    /// of theirs may be among them.</summary>
    /// <param name="wanted">By user, then rule, without repetition.</param>
    internal abstract ValueTask<Dictionary<(long User, long Rule), StoredCount>> HoldCounts(Session session, IReadOnlyList<(long User, Rule Rule)> wanted);

    /// <inheritdoc cref="RuleBook.Hold"/>
    internal virtual ValueTask<long> HoldRules(Session session) => RuleBook.Hold(session);

    /// <summary>Users' zones, as <see cref="UserZones.Read"/> answers them, where it pays to read them together; others are absent.</summary>
    internal virtual ValueTask<Dictionary<long, List<(long Since, string Zone)>>?> ReadZones(Session session, long[] users) => default;

    /// <summary>Makes this the only transaction that takes seats of rules, until it ends.</summary>
    internal virtual ValueTask HoldSeats(Session session) => default;

    /// <summary>Claims the ids of actions, which are in their order, and says of each whether its user exists.</summary>
    /// <returns>Those that no action had.</returns>
    internal abstract ValueTask<HashSet<long>> ClaimActions(Session session, List<ActionEntry> entries);

    /// <summary>Writes a row with the batch that runs, now or later. Who reads the tables for the user settles them first.</summary>
    internal abstract ValueTask Write(Session session, DeferredRow row);

    /// <summary>How many events go into a row of the outbox; a batch with more has several.</summary>
    protected virtual int EventsPerRow => int.MaxValue;

    /// <summary>Makes the running transaction see all of a user's rows in their tables.</summary>
    internal abstract ValueTask Settle(Session session, long userId);

    /// <summary>Adds what the batch's events count to the tally rows of this node.</summary>
    protected abstract ValueTask Tally(Session session, IReadOnlyList<OutboxEvent> events, long now);

    /// <summary>Inserts the awards that no special rule concerns. Engines may do it in fewer statements.</summary>
    protected virtual async ValueTask InsertPlain(Session session, List<AwardEntry> plain)
    {
        foreach (var entry in plain)
        {
            if (entry.CheckUser && !await Exists(session, entry.UserId))
            {
                entry.Status = AwardStatus.UnknownUser;
            }
            else
            {
                await InsertPlain(session, entry);
            }
        }
    }

    /// <summary>Inserts one of them; its rows may follow later.</summary>
    protected virtual ValueTask InsertPlain(Session session, AwardEntry entry) => Insert(session, entry);

    /// <summary>All of the batch's writes but the commit.</summary>
    /// <returns>The first row of the outbox, packed; empty when nothing happened.</returns>
    protected async ValueTask<byte[]> Write(Session session, List<LedgerEntry> batch, long now)
    {
        _events.Clear();
        _byRules.Clear();
        _frozen.Clear();
        RecordsMore = false;
        await FindActions(session, batch.OfType<ActionAwardEntry>().Where(entry => !entry.IsFound).ToList());
        await InsertPlain(session, Plain(batch));
        foreach (var entry in batch)
        {
            if (entry is AwardEntry { Replaces: true } or AwardEntry { Manual: true } or RemovalEntry or RewardEntry)
            {
                await Settle(session, entry.UserId);
            }
            switch (entry)
            {
                case AwardEntry { Replaces: true } import:
                    await Imports.Place(session, import, this, now);
                    break;
                case AwardEntry { Manual: true } manual:
                    await InsertManual(session, manual);
                    break;
                case RemovalEntry removal:
                    await Removals.Apply(session, removal, this);
                    break;
                case RewardEntry reward:
                    await RewardChanges.Apply(session, reward);
                    break;
                case ListingEntry listing:
                    await List(session, listing);
                    break;
                case VisitEntry visit:
                    await Visit(session, visit.UserId, visit.IssuerId, Clock.BucketOf(visit.At));
                    break;
                case SettlingEntry:
                    await Settle(session, entry.UserId);
                    break;
            }
        }
        if (Rules is not null)
        {
            await Rules.Apply(session, batch, this, now);
        }
        await WriteRest(session);
        if (_events.Count == 0 && !RecordsMore)
        {
            return [];
        }
        await Tally(session, _events, now);
        var first = await WriteOutbox(session, now);
        await LogDeferred(session, Sequence + _rows);
        return first;
    }

    /// <summary>Writes those rows of the batch that are written together at its end.</summary>
    protected virtual ValueTask WriteRest(Session session) => default;

    /// <summary>Logs the batch's deferred rows under its last row of the outbox.</summary>
    protected virtual ValueTask LogDeferred(Session session, long sequence) => default;

    private async ValueTask<byte[]> WriteOutbox(Session session, long now)
    {
        byte[]? first = null;
        _rows = 0;
        for (var from = 0; from < Math.Max(1, _events.Count); from += EventsPerRow)
        {
            var packed = Outbox.Pack(CollectionsMarshal.AsSpan(_events).Slice(from, Math.Min(EventsPerRow, _events.Count - from)));
            first ??= packed;
            _rows++;
            await WriteOutbox(session, Sequence + _rows, now, packed);
        }
        return first!;
    }

    /// <summary>Writes one row of it, with the commit at the latest.</summary>
    /// <exception cref="LeaseLostException">The number is taken.</exception>
    protected virtual async ValueTask WriteOutbox(Session session, long sequence, long now, byte[] packed)
    {
        if (await session.Prepare(InsertOutbox).Set(1, Node).Set(2, sequence).Set(3, now).Set(4, packed).Run() == 0)
        {
            throw SlotTaken(Node);
        }
    }

    internal static LeaseLostException SlotTaken(short node) => new($"Node slot {node} is written by another process.");

    private static List<AwardEntry> Plain(List<LedgerEntry> batch)
    {
        var plain = new List<AwardEntry>(batch.Count);
        var found = 0;
        foreach (var entry in batch)
        {
            if (AwardOf(entry) is { } award)
            {
                award.Status = AwardStatus.Open;
                award.Standing = null;
                if (award is { Manual: false, Replaces: false })
                {
                    plain.Add(award);
                    found += ReferenceEquals(award, entry) ? 0 : 1;
                }
            }
        }
        if (found > 0)
        {
            plain.Sort(LedgerWriter.KeyOrder.Instance);
        }
        return plain;
    }

    private static AwardEntry? AwardOf(LedgerEntry entry) => entry as AwardEntry ?? (entry as ActionAwardEntry)?.Award;

    /// <summary>Looks for the actions that awards are asked for.</summary>
    protected virtual async ValueTask FindActions(Session session, List<ActionAwardEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (await ActionStore.Place(session, entry.ActionId) is not var (user, at))
            {
                continue;
            }
            if (await ActionStore.Find(session, entry.ActionId, user, at) is not { } action)
            {
                // Its row may not be in its table yet; past its retention there is none.
                await Settle(session, user);
                action = await ActionStore.Find(session, entry.ActionId, user, at);
            }
            if (action is not null)
            {
                entry.Found(action);
            }
        }
    }

    /// <summary>To be called once the commit is certain.</summary>
    protected IReadOnlyList<OutboxEvent> Committed(List<LedgerEntry> batch)
    {
        foreach (var entry in batch)
        {
            if (AwardOf(entry) is { Status: AwardStatus.Created or AwardStatus.Held } award)
            {
                award.Badge.MarkFrozen();
            }
        }
        foreach (var award in _byRules)
        {
            award.Badge.MarkFrozen();
        }
        foreach (var each in _events)
        {
            if (each.Kind == OutboxKind.Visited)
            {
                _seen.Add(each.UserId, each.BadgeId, each.At);
            }
        }
        if (_events.Count == 0 && !RecordsMore)
        {
            return [];
        }
        Sequence += _rows;
        return [.. _events];
    }

    // The user is listed when no award is left that is not: until then lists are read whole.
    private static async ValueTask List(Session session, ListingEntry entry)
    {
        entry.IsDone = await session.Prepare(ListAwards).Set(1, entry.UserId).Set(2, ListedAtOnce).Run() < ListedAtOnce;
        if (entry.IsDone)
        {
            await session.Prepare(ListUser).Set(1, entry.UserId).Run();
        }
    }

    /// <summary>Inserts one award under the rules of a direct or automatic request.</summary>
    internal ValueTask Insert(Session session, AwardEntry entry) => Insert(session, entry, entry.Award);

    /// <summary>The same for an award that a rule makes for something in the batch.</summary>
    /// <param name="settled">Its row is written at once: the transaction reads the user's awards.</param>
    internal async ValueTask InsertByRule(Session session, AwardEntry entry, bool settled)
    {
        await (settled ? Insert(session, entry) : InsertPlain(session, entry));
        if (entry.Status == AwardStatus.Created)
        {
            _byRules.Add(entry);
        }
    }

    /// <inheritdoc cref="Insert(Session, AwardEntry)"/>
    internal async ValueTask Insert(Session session, AwardEntry entry, Award award)
    {
        if (await IsInserted(session, entry, award))
        {
            await Created(session, entry, award);
        }
    }

    /// <summary>Inserts the award's own row, or says in the entry why not.</summary>
    protected async ValueTask<bool> IsInserted(Session session, AwardEntry entry, Award award)
    {
        if (!await Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
            return false;
        }
        while (!await TryInsert(session, entry, award))
        {
            if (await Standing(session, award) is { } standing)
            {
                entry.Standing = standing;
                entry.Status = AwardStatus.Held;
                return false;
            }
            if (await IsForbidden(session, entry, award))
            {
                entry.Status = AwardStatus.Removed;
                return false;
            }
            // What held it was removed, by another node, before it could be read: the occasion is free again.
        }
        return true;
    }

    /// <inheritdoc cref="StandingAwards.For"/>
    protected virtual ValueTask<Award?> Standing(Session session, Award asked) => StandingAwards.For(session, asked);

    private async ValueTask<bool> TryInsert(Session session, AwardEntry entry, Award award)
    {
        // An occasion of the award's own has no past that could forbid it, unless the caller chose its id.
        var (isNew, isForbidden) = await InsertRow(session, entry, award, looks: !Occasion.IsOwn(award) || entry.Replaces);
        if (isForbidden)
        {
            await Undo(session, award);
        }
        return isNew && !isForbidden;
    }

    /// <summary>Inserts the award's own row where there is none, and looks what forbids it.</summary>
    protected virtual async ValueTask<(bool IsNew, bool IsForbidden)> InsertRow(Session session, AwardEntry entry, Award award, bool looks)
    {
        var isNew = await BindInsert(session, award).Run() == 1;
        return (isNew, isNew && looks && await IsForbidden(session, entry, award));
    }

    /// <summary>Takes a forbidden award's row out again.</summary>
    protected static async ValueTask Undo(Session session, Award award) =>
        await session.Prepare(DeleteAward).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Run();

    /// <summary>Inserts the row of an award whose own row, under the same key, was removed in this transaction: nothing can hold it.</summary>
    internal async ValueTask Restore(Session session, AwardEntry entry, Award award)
    {
        await BindInsert(session, award).Run();
        await Created(session, entry, award);
    }

    /// <summary>The mildest kind of removal that keeps the request from being awarded.</summary>
    protected static RemovalKind ForbiddenFrom(AwardEntry entry) => entry.Automatic ? RemovalKind.Reset : RemovalKind.Revoke;

    private static ValueTask<bool> IsForbidden(Session session, AwardEntry entry, Award award) => session.Prepare(Forbidden)
        .Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Set(4, (long)ForbiddenFrom(entry)).Set(5, entry.Badge.IssuerId).Any();

    private async ValueTask InsertManual(Session session, AwardEntry entry)
    {
        var award = entry.Award;
        if (entry.CheckUser && !await Exists(session, award.UserId))
        {
            entry.Status = AwardStatus.UnknownUser;
            return;
        }
        if (!await Freeze(session, entry.Badge))
        {
            entry.Status = AwardStatus.Stale;
            return;
        }
        if (await BindInsert(session, award).Run() == 0)
        {
            award = award with { Occasion = Occasion.Manual(award.Id).Key };
            await BindInsert(session, award).Run();
            entry.Standing = award;
        }
        if (!entry.RespectsRevocation)
        {
            await Removals.Lift(session, award);
        }
        else if (await IsRevoked(session, award))
        {
            await Undo(session, award);
            entry.Status = AwardStatus.Removed;
            return;
        }
        await Created(session, entry, award);
    }

    private static ValueTask<bool> IsRevoked(Session session, Award award) =>
        session.Prepare(Revoked).Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Any();

    internal static Statement BindInsert(Session session, Award award) => session.Prepare(session.ListsEveryUser ? InsertListedAward : InsertAward)
        .Set(1, award.UserId).Set(2, award.BadgeId).Set(3, award.Occasion).Set(4, award.Id).Set(5, award.AwardedAt)
        .Set(6, (long)award.Source).Set(7, Award.StoredSubject(award.Occasion, award.Subject)).Set(8, session.ListsEveryUser ? 1 : 0);

    /// <summary>What follows an award's row: its events and the tables beside the ledger.</summary>
    internal async ValueTask Created(Session session, AwardEntry entry, Award award)
    {
        await Tell(session, entry, award);
        if (entry.Replaces)
        {
            await CountRepeated(session, award, entry.Badge.IssuerId);
            await AwardDetails.Replace(session, award, entry.Claim);
        }
        else
        {
            await WriteBeside(session, new DeferredAward(award, entry.Badge.IssuerId, entry.Claim));
        }
    }

    /// <summary>What there is to tell of a new award: its event, and that its user was there.</summary>
    protected async ValueTask Tell(Session session, AwardEntry entry, Award award)
    {
        entry.Status = AwardStatus.Created;
        Record(OutboxKind.Awarded, award);
        if (entry.IsVisit)
        {
            await Visit(session, award.UserId, entry.Badge.IssuerId, Clock.BucketOf(entry.AskedAt));
        }
    }

    /// <summary>Writes what belongs to the row of a new award.</summary>
    protected virtual ValueTask WriteBeside(Session session, DeferredAward award) => award.WriteBeside(session);

    internal static async ValueTask CountRepeated(Session session, Award award, long issuerId)
    {
        if (award.Occasion.Length > 0)
        {
            await session.Prepare(UpsertRepeated).Set(1, award.UserId).Set(2, issuerId).Set(3, award.BadgeId)
                .Set(4, award.AwardedAt).Set(5, award.Id).Run();
        }
    }

    /// <summary>How much has been recorded of this batch, for <see cref="Forget"/>.</summary>
    internal int Recorded => _events.Count;

    /// <summary>Something that has been recorded of it.</summary>
    internal OutboxEvent Event(int number) => _events[number];

    /// <summary>Forgets what was recorded since, with the savepoint that undid it.</summary>
    internal void Forget(int recorded) => _events.RemoveRange(recorded, _events.Count - recorded);

    internal void Record(OutboxKind kind, Award award, bool buffered = false) =>
        _events.Add(new OutboxEvent(kind, award.UserId, award.BadgeId, award.Id, award.AwardedAt, award.Occasion)
        {
            Source = award.Source,
            IsBuffered = buffered,
        });

    /// <summary>Records that a user was seen at an issuer in a bucket, and in which one before, null for never.</summary>
    protected void RecordVisit(long userId, long issuerId, long bucket, long? previous, bool buffered = false) =>
        _events.Add(new OutboxEvent(OutboxKind.Visited, userId, issuerId, previous ?? 0, bucket, "") { IsBuffered = buffered });

    // Recurrence, anchor and zone may not change any more; if they have changed since the occasion was computed, it is void.
    internal async ValueTask<bool> Freeze(Session session, Badges.Badge badge)
    {
        if (badge.IsFrozen || _frozen.Contains(badge))
        {
            return true;
        }
        var isFrozen = await session.Prepare(FreezeBadge).Set(1, badge.Id).Set(2, badge.RecurrenceVersion).Run() == 1;
        if (!isFrozen)
        {
            var frozen = session.Prepare(FrozenVersion).Set(1, badge.Id);
            isFrozen = await frozen.Read() && frozen.Long(0) == badge.RecurrenceVersion;
            await frozen.Done();
        }
        if (isFrozen)
        {
            _frozen.Add(badge);
        }
        return isFrozen;
    }

    internal static ValueTask<bool> Exists(Session session, long userId) => session.Prepare(UserExists).Set(1, userId).Any();

    /// <summary>Counts a visit, unless the user has been seen there as late.</summary>
    protected ValueTask Visit(Session session, long userId, long issuerId, long bucket) =>
        _seen.Contains(userId, issuerId, bucket) ? default : MoveTo(session, userId, issuerId, bucket);

    /// <summary>Counts a visit where the tables do not say that the user has been seen as late.</summary>
    protected virtual async ValueTask MoveTo(Session session, long userId, long issuerId, long bucket)
    {
        var move = session.Prepare(MoveVisitor).Set(1, userId).Set(2, issuerId).Set(3, bucket);
        if (await move.Read())
        {
            RecordVisit(userId, issuerId, bucket, move.LongOrNull(0));
            await move.Done();
        }
    }
}

/// <summary>Remembers, lossily and in fixed memory, whom the database already counts in the current five minutes.</summary>
internal sealed class VisitorsSeen
{
    private readonly (long User, long Issuer, long Bucket)[] _slots = new (long, long, long)[1 << 16];

    public bool Contains(long user, long issuer, long bucket)
    {
        ref var slot = ref Slot(user, issuer);
        return slot.User == user && slot.Issuer == issuer && slot.Bucket >= bucket && slot.Bucket != 0;
    }

    public void Add(long user, long issuer, long bucket) => Slot(user, issuer) = (user, issuer, bucket);

    private ref (long User, long Issuer, long Bucket) Slot(long user, long issuer) =>
        ref _slots[(int)(((ulong)((user * 31) + issuer) * 0x9E3779B97F4A7C15UL) >> 48)];
}
