namespace Laurel.Core.Storage;

/// <summary>Every user is found by key, and by login name where there is a password. The other way round nothing is checked: a name
/// is claimed before its user is stored, so a row may lead to nobody.</summary>
internal static class DirectoryCheck
{
    private const int AtOnce = 200;

    private const string Keys = "SELECT id, key FROM users WHERE id > $1 AND id <= $2 AND key IS NOT NULL";

    private const string Logins = "SELECT id, username FROM users WHERE id > $1 AND id <= $2 AND username IS NOT NULL AND password_hash IS NOT NULL";

    // No join: names lie elsewhere than their users on a cluster.
    private static readonly string Named =
        $"SELECT name, user_id FROM user_names WHERE kind = $1 AND name IN ({string.Join(", ", Enumerable.Range(2, AtOnce).Select(place => $"${place}"))})";

    public static Task Run(Examination examination) => examination.InSlices("users", "id", async (session, from, to) =>
    {
        await Report(examination, session, session.Prepare(Keys).Set(1, from).Set(2, to), 1, "key");
        await Report(examination, session, session.Prepare(Logins).Set(1, from).Set(2, to), 2, "login name");
    });

    private static async ValueTask Report(Examination examination, Session session, Statement rows, long kind, string by)
    {
        var users = new List<(long Id, string Name)>();
        while (await rows.Read())
        {
            users.Add((rows.Long(0), rows.Text(1)));
        }
        foreach (var some in users.Chunk(AtOnce))
        {
            var found = await Find(session, kind, [.. some.Select(user => user.Name)]);
            foreach (var (id, _) in some.Where(user => found.GetValueOrDefault(user.Name) != user.Id))
            {
                examination.Found(FindingKind.UserNotInDirectory, $"user {id}", $"found by {by}", "not found, or another user is");
            }
        }
    }

    private static async ValueTask<Dictionary<string, long>> Find(Session session, long kind, string[] names)
    {
        var rows = session.Prepare(Named).Set(1, kind);
        for (var place = 0; place < AtOnce; place++)
        {
            rows.Set(place + 2, names[Math.Min(place, names.Length - 1)]);
        }
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await rows.Read())
        {
            found[rows.Text(0)] = rows.Long(1);
        }
        return found;
    }
}
