namespace Laurel.Core.Storage;

/// <summary>What must hold within the awards of one range of users: their repeated awards are counted right, no id is there twice,
/// and they exist.</summary>
internal sealed class UserCheck(Examination examination)
{
    private const string Repeated = """
        SELECT r.user_id, r.badge_id, r.issuer_id, r.standing, r.first_at, r.first_id, b.issuer_id
        FROM repeated_awards r LEFT JOIN badges b ON b.id = r.badge_id WHERE r.user_id > $1 AND r.user_id <= $2
        """;

    private const string Unknown = """
        SELECT user_id, count(*) FROM awards WHERE user_id > $1 AND user_id <= $2
          AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = awards.user_id)
        GROUP BY user_id
        """;

    // An award outside the index its user is listed by would be missing in lists.
    private const string ListedWrongly = """
        SELECT user_id, count(*) FROM awards WHERE user_id > $1 AND user_id <= $2
          AND listed = 0 AND ($3 = 1 OR EXISTS (SELECT 1 FROM listed_users l WHERE l.user_id = awards.user_id))
        GROUP BY user_id
        """;

    private readonly Dictionary<(long User, long Badge), Standing> _repeated = [];
    private readonly HashSet<long> _ids = [];
    private long _user = long.MinValue;

    /// <summary>Takes one award; a user's awards follow one another.</summary>
    /// <param name="isCounted">It has a part in repeated_awards.</param>
    public void See(long user, long badge, long id, long at, bool isCounted)
    {
        examination.Awards++;
        examination.SawAwardId(id);
        if (user != _user)
        {
            _user = user;
            _ids.Clear();
        }
        if (!_ids.Add(id))
        {
            examination.Found(FindingKind.DuplicateAwardId, $"award {id} of user {user}", 1, 2);
        }
        if (isCounted)
        {
            _repeated[(user, badge)] = _repeated.TryGetValue((user, badge), out var before)
                ? before.With(at, id)
                : new Standing(1, at, id);
        }
    }

    /// <summary>Compares with what is stored, on the snapshot on which the awards were read.</summary>
    public async ValueTask End(Session session, long from, long to)
    {
        var rows = session.Prepare(Repeated).Set(1, from).Set(2, to);
        while (await rows.Read())
        {
            var what = $"badge {rows.Long(1)} of user {rows.Long(0)}";
            var stored = new Standing(rows.Long(3), rows.Long(4), rows.Long(5));
            if (!_repeated.Remove((rows.Long(0), rows.Long(1)), out var counted))
            {
                examination.Found(FindingKind.RepeatedAwards, what, "no repeated awards", stored.ToString());
            }
            else if (counted != stored)
            {
                examination.Found(FindingKind.RepeatedAwards, what, counted.ToString(), stored.ToString());
            }
            if (rows.LongOrNull(6) is { } issuer && issuer != rows.Long(2))
            {
                examination.Found(FindingKind.RepeatedAwards, what, $"issuer {issuer}", $"issuer {rows.Long(2)}");
            }
        }
        foreach (var ((user, badge), counted) in _repeated)
        {
            examination.Found(FindingKind.RepeatedAwards, $"badge {badge} of user {user}", counted.ToString(), "no row");
        }
        var unknown = session.Prepare(Unknown).Set(1, from).Set(2, to);
        while (await unknown.Read())
        {
            examination.Found(FindingKind.UnknownUser, $"user {unknown.Long(0)}", "no awards", $"{unknown.Long(1)} awards");
        }
        var listed = session.Prepare(ListedWrongly).Set(1, from).Set(2, to).Set(3, session.ListsEveryUser ? 1 : 0);
        while (await listed.Read())
        {
            examination.Found(FindingKind.ListedWrongly, $"user {listed.Long(0)}", "all awards listed by time", $"{listed.Long(1)} that are not");
        }
        examination.Progress?.Report(examination.Awards);
    }

    private readonly record struct Standing(long Count, long FirstAt, long FirstId)
    {
        public Standing With(long at, long id) =>
            at < FirstAt || (at == FirstAt && id < FirstId) ? new(Count + 1, at, id) : this with { Count = Count + 1 };

        public override string ToString() => $"{Count} since {FirstAt} (award {FirstId})";
    }
}
