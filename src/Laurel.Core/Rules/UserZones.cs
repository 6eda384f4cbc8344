using Laurel.Core.Storage;

namespace Laurel.Core.Rules;

/// <summary>Which zone was a user's when. Only who has changed theirs has rows of it.</summary>
internal static class UserZones
{
    private const string Select = """
        SELECT since, zone FROM user_zones WHERE user_id = $1
        UNION ALL
        SELECT 0, coalesce(time_zone, '') FROM users WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM user_zones WHERE user_id = $1)
        ORDER BY since
        """;

    private const string Insert = """
        INSERT INTO user_zones (user_id, since, zone) VALUES ($1, $2, $3) ON CONFLICT (user_id, since) DO UPDATE SET zone = excluded.zone
        """;

    private const string InsertFirst = """
        INSERT INTO user_zones (user_id, since, zone) SELECT $1, 0, $2 WHERE NOT EXISTS (SELECT 1 FROM user_zones WHERE user_id = $1)
        """;

    /// <summary>Ascending; empty where the user had none.</summary>
    public static async ValueTask<List<(long Since, string Zone)>> Read(Session session, long userId)
    {
        var zones = new List<(long, string)>();
        var rows = session.Prepare(Select).Set(1, userId);
        while (await rows.Read())
        {
            zones.Add((rows.Long(0), rows.Text(1)));
        }
        return zones;
    }

    /// <summary>The user's zone changes.</summary>
    public static async ValueTask Change(Session session, long userId, string? from, string? to, long at)
    {
        await session.Prepare(InsertFirst).Set(1, userId).Set(2, from ?? "").Run();
        await session.Prepare(Insert).Set(1, userId).Set(2, at).Set(3, to ?? "").Run();
    }
}
