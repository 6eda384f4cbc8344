using System.Security.Cryptography;

namespace Laurel.Core.Access;

/// <summary>Slow hashes of passwords: PBKDF2-HMAC-SHA256 at the cost OWASP asks for (600,000 rounds, cheat sheet of 2023), as
/// <c>pbkdf2-sha256$rounds$salt$hash</c> with Base64. At most two are computed at once; the rest of the server goes on.</summary>
public sealed class Passwords
{
    private const string Scheme = "pbkdf2-sha256";
    private const int Rounds = 600_000;
    private const int SaltSize = 16;
    private const int Size = 32;

    // A check takes about 200 ms: whoever is last in line waits three seconds.
    private const int MostChecks = 32;

    private static readonly SemaphoreSlim Lane = new(2, 2);

    private int _checks;
    private long _computed;

    /// <summary>What nobody's password has: the check of a login without a password takes as long as any other.</summary>
    internal static string OfNobody { get; } = Format(RandomNumberGenerator.GetBytes(SaltSize), RandomNumberGenerator.GetBytes(Size));

    /// <summary>How many hashes were computed.</summary>
    internal long Computed => Interlocked.Read(ref _computed);

    public async Task<string> Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltSize);
        return Format(salt, await Compute(password, salt, Rounds, Size));
    }

    /// <summary>Whether a hash is of this password; null when too many wait for such an answer already.</summary>
    /// <param name="stored">As <see cref="Hash"/> made it, at the cost of its time.</param>
    public async Task<bool?> Verify(string password, string stored)
    {
        if (stored.Split('$') is not [Scheme, var rounds, var salt, var hash])
        {
            throw new InvalidDataException("A stored password hash is of a kind that this version does not know.");
        }
        try
        {
            if (Interlocked.Increment(ref _checks) > MostChecks)
            {
                return null;
            }
            var expected = Convert.FromBase64String(hash);
            var computed = await Compute(password, Convert.FromBase64String(salt), int.Parse(rounds), expected.Length);
            return CryptographicOperations.FixedTimeEquals(computed, expected);
        }
        finally
        {
            Interlocked.Decrement(ref _checks);
        }
    }

    private async Task<byte[]> Compute(string password, byte[] salt, int rounds, int size)
    {
        await Lane.WaitAsync();
        try
        {
            Interlocked.Increment(ref _computed);
            return await Task.Run(() => Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, size));
        }
        finally
        {
            Lane.Release();
        }
    }

    private static string Format(byte[] salt, byte[] hash) => $"{Scheme}${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
}
