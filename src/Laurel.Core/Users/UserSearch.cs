using Laurel.Core.Storage;

namespace Laurel.Core.Users;

/// <summary>Where a search goes on: behind this name. One name may be one user's key and another's login name.</summary>
public readonly record struct NamePosition(string Name, bool IsLogin);

/// <summary>Users whose names begin alike, by those names.</summary>
/// <param name="Next">Where the rest begins; null at the end.</param>
/// <param name="IsCut">There are so many such names that not all were looked at: whoever seeks writes more of it.</param>
public sealed record FoundUsers(IReadOnlyList<User> Users, NamePosition? Next, bool IsCut);

/// <summary>Finds users by how their names begin: those that people log in with, and keys. A username without a password is no login
/// name, and a key that is the user's own id is found as that.</summary>
public sealed class UserSearch
{
    /// <summary>Names that are looked at for one page.</summary>
    public const int MaximumNames = 1000;

    private const int ByLogin = 2;

    // What begins so lies together in the primary key; no character comes behind U+10FFFF.
    private const string Last = "\U0010FFFF";

    private const string Names = """
        SELECT name, kind, user_id FROM user_names WHERE (name, kind) > ($1, $2) AND name <= $3 ORDER BY name, kind LIMIT $4
        """;

    private readonly Database _database;
    private readonly UserDirectory _users;

    internal UserSearch(Database database, UserDirectory users) => (_database, _users) = (database, users);

    /// <summary>Costs one range of at most <see cref="MaximumNames"/> names, and a look for each user that is shown.</summary>
    /// <param name="beginning">As it is written, capitals included; nobody is found by nothing.</param>
    /// <param name="keysToo">Keys as well as login names. They may be what is told of nobody: e-mail addresses.</param>
    /// <param name="after">Null: from the first.</param>
    public async ValueTask<FoundUsers> Find(string beginning, bool keysToo, NamePosition? after, int limit)
    {
        if (!TextRules.IsKey(beginning))
        {
            return new FoundUsers([], null, IsCut: false);
        }
        var names = await Read(beginning, after);
        var users = new List<User>();
        var last = default(NamePosition);
        foreach (var (name, isLogin, id) in names)
        {
            if ((!isLogin && !keysToo) || await _users.Find(id) is not { } user || !Bears(user, name, isLogin))
            {
                continue;
            }
            if (users.Count == limit)
            {
                return new FoundUsers(users, last, IsCut: false);
            }
            last = new NamePosition(name, isLogin);
            if (users.Count == 0 || users[^1].Id != id)
            {
                users.Add(user);
            }
        }
        return new FoundUsers(users, null, IsCut: names.Count == MaximumNames);
    }

    private ValueTask<List<(string Name, bool IsLogin, long UserId)>> Read(string beginning, NamePosition? after) => _database.Read(async session =>
    {
        var (name, kind) = after is { } behind ? (behind.Name, behind.IsLogin ? 2 : 1) : (beginning, 0);
        var names = new List<(string, bool, long)>();
        var rows = session.Prepare(Names).Set(1, name).Set(2, kind).Set(3, beginning + Last).Set(4, MaximumNames);
        while (await rows.Read())
        {
            names.Add((rows.Text(0), rows.Long(1) == ByLogin, rows.Long(2)));
        }
        return names;
    });

    // A claim may be of a user who was never stored, or has another name by now.
    private static bool Bears(User user, string name, bool isLogin) => isLogin ? user.HasPassword && user.Draft.Username == name : user.Key == name;
}
