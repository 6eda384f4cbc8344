using Laurel.Core;
using Laurel.Core.Storage;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Users;

public sealed class UserImportTests
{
    [Theory, EveryEngine]
    public async Task Many_users_are_put_at_once_and_found_by_id_and_key(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        var users = Enumerable.Range(1, 1500).Select(id => ((long)id, new UserDraft { Key = $"key{id}", FullName = $"User {id}" })).ToList();

        Assert.Null(await laurel.Core.Users.PutMany(users));
        Assert.Null(await laurel.Core.Users.PutMany(users));

        Assert.Equal(1500, await laurel.Core.Users.FindIdByKey("key1500"));
        Assert.Equal("User 7", (await laurel.Core.Users.Find(7))?.Draft.FullName);
        Assert.Empty((await Doctor.Examine(laurel.Core.Database.Options, TimeProvider.System)).Findings);
    }

    [Theory, EveryEngine]
    public async Task What_cannot_be_put_is_refused(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Core.Users.PutMany([(1, new UserDraft { Key = "ada" })]);

        Assert.Equal(RefusalCode.KeyTaken, (await laurel.Core.Users.PutMany([(2, new UserDraft { Key = "ada" })]))?.Code);
        Assert.Equal(RefusalCode.IdReserved, (await laurel.Core.Users.PutMany([(1L << 41, new UserDraft())]))?.Code);
        Assert.Equal(RefusalCode.Invalid, (await laurel.Core.Users.PutMany([(3, new UserDraft { Locale = "?" })]))?.Code);
    }
}
