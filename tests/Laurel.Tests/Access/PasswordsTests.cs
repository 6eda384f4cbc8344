using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Access;

public sealed class PasswordsTests
{
    [Fact]
    public async Task A_hash_fits_its_password_and_no_other()
    {
        var passwords = new Passwords();
        var stored = await passwords.Hash("pässword \ud83d\udcd0");
        Assert.StartsWith("pbkdf2-sha256$600000$", stored);
        Assert.True(await passwords.Verify("pässword \ud83d\udcd0", stored));
        Assert.False(await passwords.Verify("pässword \ud83d\udcd1", stored));
        Assert.Equal(3, passwords.Computed);
    }

    [Fact]
    public async Task It_is_checked_with_the_cost_it_was_stored_with()
    {
        var passwords = new Passwords();
        Assert.True(await passwords.Verify("secret", QuickPasswords.Hash("secret")));
        Assert.False(await passwords.Verify("Secret", QuickPasswords.Hash("secret")));
        await Assert.ThrowsAsync<InvalidDataException>(() => passwords.Verify("secret", "bcrypt$x$y$z"));
    }
}
