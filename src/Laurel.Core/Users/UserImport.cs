using System.Globalization;
using Laurel.Core.Storage;

namespace Laurel.Core.Users;

public sealed partial class UserDirectory
{
    private const int ImportedAtOnce = 1000;

    /// <summary>Creates or replaces users without passwords, a thousand in a transaction; the first refusal ends it. For imports:
    /// what came before a refusal or a failure is stored, and the same call again does no harm.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached or cannot write.</exception>
    public async Task<Refusal?> PutMany(IEnumerable<(long Id, UserDraft Draft)> users)
    {
        foreach (var chunk in users.Chunk(ImportedAtOnce))
        {
            foreach (var (id, draft) in chunk)
            {
                if ((IdRange.IsOpen(IdKind.User, id) ? UserRules.Check(draft, null, id) : Reserved) is { } invalid)
                {
                    return invalid;
                }
            }
            // In one order, so that two imports wait for each other instead of deadlocking.
            if ((await ClaimAll(chunk) ?? await StoreAll([.. chunk.OrderBy(user => user.Id)])) is { } refusal)
            {
                return refusal;
            }
        }
        return null;
    }

    private async Task<Refusal?> ClaimAll((long Id, UserDraft Draft)[] users)
    {
        var claims = users.Select(user => (user.Id, Name: KeyOf(user.Id, user.Draft))).Where(claim => NeedsRow(claim.Name, ByKey))
            .OrderBy(claim => claim.Name, StringComparer.Ordinal).ToList();
        return claims.Count == 0 ? null : await _database.Write<Refusal?>(async session =>
        {
            foreach (var (id, name) in claims)
            {
                if (await Claim(session, id, name, ByKey) is { } refusal)
                {
                    return refusal;
                }
            }
            return null;
        });
    }

    private async Task<Refusal?> StoreAll((long Id, UserDraft Draft)[] users)
    {
        var (refusal, stored) = await _database.Write<(Refusal?, int)>(async session =>
        {
            for (var done = 0; done < users.Length; done++)
            {
                var (id, draft) = users[done];
                if (!(await Store(session, id, KeyOf(id, draft), draft, null, createOnly: false)).Succeeded(out _, out var refused))
                {
                    return (refused, done);
                }
            }
            return (null, users.Length);
        });
        foreach (var (id, _) in users.AsSpan(0, stored))
        {
            MarkSeen(id);
            _changes.Announce(ChangeKind.User, id);
        }
        return refusal;
    }

    private static string KeyOf(long id, UserDraft draft) => draft.Key ?? id.ToString(CultureInfo.InvariantCulture);

    private static Refusal Reserved => new(RefusalCode.IdReserved, "An id is 1 to 2^53 - 1, outside the range that is handed out.", "id");
}
