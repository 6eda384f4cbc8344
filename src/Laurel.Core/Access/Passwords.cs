using System.Security.Cryptography;

namespace Laurel.Core.Access;

/// <summary>Slow hashes of passwords: PBKDF2-HMAC-SHA256 at the cost OWASP asks for (600,000 rounds, cheat sheet of 2023), as
/// <c>pbkdf2-sha256$rounds$salt$hash</c> with Base64. At most two are computed at once; the rest of the server goes on.</summary>
public static class Passwords
{
    private const int Rounds = 600_000;
    private const int Size = 32;

    private static readonly SemaphoreSlim Lane = new(2, 2);

    public static async Task<string> Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        await Lane.WaitAsync();
        try
        {
            var hash = await Task.Run(() => Rfc2898DeriveBytes.Pbkdf2(password, salt, Rounds, HashAlgorithmName.SHA256, Size));
            return $"pbkdf2-sha256${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
        }
        finally
        {
            Lane.Release();
        }
    }
}
