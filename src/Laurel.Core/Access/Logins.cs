using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Storage;
using Laurel.Core.Users;

namespace Laurel.Core.Access;

/// <summary>What came of a login. Both null: nobody has this name and password.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="RetryAfter">The password was not looked at: too many have failed, or too many wait. When to try again.</param>
public readonly record struct LoginOutcome(Caller? Caller, TimeSpan? RetryAfter);

/// <summary>Who a username and password are. A password that was found right is known until nobody has used it for a minute, as a keyed hash of it and of the
/// stored hash it fits: once the stored one changes, it fits no more. Names that nobody has cost the same work.</summary>
public sealed class Logins
{
    // The lane of passwords allows some hundreds in a minute.
    private const int MostProven = 10_000;

    private static readonly TimeSpan Known = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(1);

    private readonly ChangeLog _changes;
    private readonly UserDirectory _users;
    private readonly Passwords _passwords;
    private readonly TimeProvider _time;
    private readonly LoginThrottle _throttle;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    // By name; they change with their user.
    private readonly NumberedCache<Login> _logins = new(20_000, login => login.UserId);

    // When each proof was made, or used.
    private readonly ConcurrentDictionary<string, long> _proven = new();

    // Who asks the same at the same moment gets the same answer: one check, one failure. The name too: names that nobody has share
    // one stored hash, and must not be told from others by being checked together.
    private readonly ConcurrentDictionary<(string Proof, string Name, string Address), Lazy<Task<LoginOutcome>>> _checks = new();

    internal Logins(ChangeLog changes, UserDirectory users, Passwords passwords, TimeProvider time)
    {
        (_changes, _users, _passwords, _time, _throttle) = (changes, users, passwords, time, new LoginThrottle(time));
        _changes.Changed += (kind, id) =>
        {
            if (kind == ChangeKind.User)
            {
                _logins.Evict(id);
            }
        };
    }

    /// <summary>Who logs in, with all that their record permits.</summary>
    /// <param name="address">The peer's address: failures are counted by it too.</param>
    /// <exception cref="StorageUnavailableException">It cannot be told now.</exception>
    public async ValueTask<LoginOutcome> Verify(string username, string password, string address)
    {
        // What is no name is nobody's, and is not remembered as it is.
        var name = TextRules.IsUsername(username) ? username : "";
        if (_throttle.Wait(address, name) is { } wait)
        {
            return new LoginOutcome(null, wait);
        }
        var login = _changes.IsFresh ? await _logins.Get(name, _users.FindLogin) : await _users.FindLogin(name);
        var proof = Prove(login?.PasswordHash ?? Passwords.OfNobody, password);
        if (IsProven(proof))
        {
            return await Told(login!.UserId);
        }
        var key = (proof, name, address);
        var check = _checks.GetOrAdd(key, _ => new(() => Check(login, name, password, address, proof)));
        try
        {
            return await check.Value;
        }
        finally
        {
            _checks.TryRemove(new(key, check));
        }
    }

    private async Task<LoginOutcome> Check(Login? login, string name, string password, string address, string proof)
    {
        if (_throttle.TryBegin(address, name) is { } wait)
        {
            return new LoginOutcome(null, wait);
        }
        bool? isRight;
        try
        {
            isRight = await _passwords.Verify(password, login?.PasswordHash ?? Passwords.OfNobody);
        }
        catch
        {
            _throttle.GiveBack(address, name);
            throw;
        }
        if (isRight is null)
        {
            _throttle.GiveBack(address, name);
            return new LoginOutcome(null, Shortly);
        }
        if (login is null || isRight == false)
        {
            return default;
        }
        _throttle.Succeeded(address, name);
        Remember(proof);
        return await Told(login.UserId);
    }

    private async ValueTask<LoginOutcome> Told(long userId)
    {
        var user = (_changes.IsFresh ? await _users.Find(userId) : await _users.FindAgain(userId))!;
        return new LoginOutcome(new Caller(0, user.Id, user.IsAdministrator, Scopes: null) { Permissions = user.Draft.Permissions }, null);
    }

    // The stored hash has no line feed, so no two pairs are one text.
    private string Prove(string passwordHash, string password) =>
        Convert.ToHexString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{passwordHash}\n{password}")));

    // What is used stays known, or all of a busy caller's requests would wait once a minute for the password to be hashed.
    private bool IsProven(string proof)
    {
        if (!_proven.TryGetValue(proof, out var since) || _time.GetElapsedTime(since) >= Known)
        {
            return false;
        }
        if (_time.GetElapsedTime(since) >= Known / 60)
        {
            _proven.TryUpdate(proof, _time.GetTimestamp(), since);
        }
        return true;
    }

    private void Remember(string proof)
    {
        foreach (var (old, since) in _proven)
        {
            if (_time.GetElapsedTime(since) >= Known || _proven.Count >= MostProven)
            {
                _proven.TryRemove(old, out long _);
            }
        }
        _proven[proof] = _time.GetTimestamp();
    }
}
