using System.Security.Cryptography;
using Laurel.Core;
using Laurel.Core.Users;

namespace Laurel.Tests.Harness;

/// <summary>Users whose passwords are checked in no time: their hashes are of few rounds, as from a time when that was enough.</summary>
internal static class QuickPasswords
{
    private const int Few = 10;

    /// <summary>Creates the user. Through any other door the hash would cost what it costs.</summary>
    public static async Task PutUser(this LaurelCore core, long id, UserDraft draft, string? password, int rounds = Few)
    {
        TestCore.Value(await core.Users.Put(id, draft, null, createOnly: true));
        if (password is not null)
        {
            await core.Database.Write(async session =>
            {
                await session.Execute("UPDATE users SET password_hash = @hash WHERE id = @id", new { hash = Hash(password, rounds), id });
                await session.Execute("INSERT INTO user_names (name, kind, user_id) VALUES (@Username, 2, @id)", new { draft.Username, id });
            });
        }
    }

    /// <summary>Gives a user who has a password another.</summary>
    public static async Task ChangePassword(this LaurelCore core, long id, string password)
    {
        await core.Database.Write(async session =>
            await session.Execute("UPDATE users SET password_hash = @hash WHERE id = @id", new { hash = Hash(password), id }));
        TestCore.Value(await core.Users.Put(id, (await core.Users.FindAgain(id))!.Draft, null, createOnly: false));
    }

    public static string Hash(string password, int rounds = Few)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var hash = Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, 32);
        return $"pbkdf2-sha256${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}";
    }
}
