using Laurel.Core.Storage;

namespace Laurel.Core.Access;

/// <summary>Where the keys that protect forms are kept: in the database, so that any server takes a form that another one made. What a
/// key is, is the business of whoever made it.</summary>
public sealed class FormKeys
{
    private readonly Database _database;
    private readonly TimeProvider _time;

    internal FormKeys(Database database, TimeProvider time) => (_database, _time) = (database, time);

    /// <summary>All of them, as XML.</summary>
    /// <exception cref="StorageUnavailableException">They cannot be read now.</exception>
    public async Task<IReadOnlyList<string>> All() =>
        [.. await _database.Read(async session => await session.Query<string>("SELECT xml FROM form_keys ORDER BY created_at, name"))];

    /// <summary>Keeps one more; under a name that is taken, nothing happens.</summary>
    /// <exception cref="StorageUnavailableException">Nothing is known to be stored.</exception>
    public Task Add(string name, string xml) => _database.Write(async session => await session.Execute(
        "INSERT INTO form_keys (name, xml, created_at) VALUES (@name, @xml, @now) ON CONFLICT DO NOTHING", new { name, xml, now = _time.Micros() }));
}
