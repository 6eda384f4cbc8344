namespace Laurel.Core.Storage;

/// <summary>Every user is found by key, and by login name where there is a password. The other way round nothing is checked: a name
/// is claimed before its user is stored, so a row may lead to nobody.</summary>
internal static class DirectoryCheck
{
    private const string WithoutKey = """
        SELECT id FROM users WHERE id > $1 AND id <= $2 AND key IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM user_names n WHERE n.name = users.key AND n.kind = 1 AND n.user_id = users.id)
        """;

    private const string WithoutLogin = """
        SELECT id FROM users WHERE id > $1 AND id <= $2 AND username IS NOT NULL AND password_hash IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM user_names n WHERE n.name = users.username AND n.kind = 2 AND n.user_id = users.id)
        """;

    public static Task Run(Examination examination) => examination.InSlices("users", "id", async (session, from, to) =>
    {
        await Report(examination, session.Prepare(WithoutKey).Set(1, from).Set(2, to), "key");
        await Report(examination, session.Prepare(WithoutLogin).Set(1, from).Set(2, to), "login name");
    });

    private static async ValueTask Report(Examination examination, Statement rows, string name)
    {
        while (await rows.Read())
        {
            examination.Found(FindingKind.UserNotInDirectory, $"user {rows.Long(0)}", $"found by {name}", "not found, or another user is");
        }
    }
}
