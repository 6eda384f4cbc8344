using System.Security.Cryptography;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Access;

/// <summary>What came of a login. Both null: nobody has this name and password.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="RetryAfter">The password was not looked at: too many have failed, or too many wait. When to try again.</param>
public readonly record struct LoginOutcome(Caller? Caller, TimeSpan? RetryAfter);

/// <summary>Who a username and password are. Names that nobody has cost the same work.</summary>
public sealed class Logins
{
    private const int MostWaiting = 16;
    private const string OfNobody = "pbkdf2-sha256$600000$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private const string ByLogin = """
        SELECT u.id AS Id, u.password_hash AS PasswordHash FROM user_names n JOIN users u ON u.id = n.user_id
        WHERE n.name = @username AND n.kind = 2 AND u.username = @username
        """;

    private readonly SemaphoreSlim _lane = new(2, 2);
    private readonly Database _database;
    private readonly UserDirectory _users;
    private int _waiting;

    internal Logins(Database database, UserDirectory users) => (_database, _users) = (database, users);

    /// <summary>Who logs in, with all that their record permits.</summary>
    /// <param name="address">The peer's address.</param>
    /// <exception cref="StorageUnavailableException">It cannot be told now.</exception>
    public async ValueTask<LoginOutcome> Verify(string username, string password, string address)
    {
        _ = address;
        var login = TextRules.IsUsername(username)
            ? await _database.Read<Login?>(async session => await session.QueryFirst<Login>(ByLogin, new { username }))
            : null;
        if (await IsOf(password, login?.PasswordHash ?? OfNobody) is not { } isRight)
        {
            return new LoginOutcome(null, TimeSpan.FromSeconds(1));
        }
        return isRight && login is not null && await _users.Find(login.Id) is { } user
            ? new LoginOutcome(new Caller(0, user.Id, user.IsAdministrator, Scopes: null), null)
            : default;
    }

    private async Task<bool?> IsOf(string password, string stored)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }
        await _lane.WaitAsync();
        try
        {
            var parts = stored.Split('$');
            var hash = Convert.FromBase64String(parts[3]);
            var computed = await Task.Run(() => Rfc2898DeriveBytes.Pbkdf2(
                password, Convert.FromBase64String(parts[2]), int.Parse(parts[1]), HashAlgorithmName.SHA256, hash.Length));
            return CryptographicOperations.FixedTimeEquals(computed, hash);
        }
        finally
        {
            _lane.Release();
            Interlocked.Decrement(ref _waiting);
        }
    }

    private sealed class Login
    {
        public long Id { get; init; }
        public string? PasswordHash { get; init; }
    }
}
