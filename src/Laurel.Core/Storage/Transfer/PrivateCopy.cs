using System.Security.Cryptography;
using Laurel.Core.Awards;
using Microsoft.Data.Sqlite;

namespace Laurel.Core.Storage;

/// <summary>A private copy of a SQLite database as it was at one moment, gone when it is disposed. What waited for its table is in it: the
/// copy is recovered as after a crash.</summary>
internal sealed class PrivateCopy : SqliteDatabase
{
    private readonly string _file;
    private readonly string _state;
    private readonly FileStream _lock;

    private PrivateCopy(DatabaseOptions options, string file, string state, FileStream ours) : base(options) =>
        (_file, _state, _lock) = (file, state, ours);

    /// <inheritdoc cref="Database.OpenStill"/>
    public static async Task<PrivateCopy> Make(SqliteDatabase database, string file, TimeProvider time)
    {
        var ours = new FileStream(file + ".lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        try
        {
            // One that was left by a process that was killed.
            Delete(file);
            await Export.Create(file).DisposeAsync();
            database.CopyTo(file);
            var copy = new PrivateCopy(new DatabaseOptions(new SqliteConnectionStringBuilder { DataSource = file }.ToString()) { MustExist = true }, file, await HashOf(file), ours);
            try
            {
                await copy.Write(session =>
                {
                    SqliteLedgerStore.RecoverCopy((SqliteSession)session, time.Micros());
                    return ValueTask.CompletedTask;
                });
                return copy;
            }
            catch
            {
                await copy.DisposeAsync();
                throw;
            }
        }
        catch
        {
            Delete(file);
            await ours.DisposeAsync();
            throw;
        }
    }

    // Before it is recovered: that depends on the time.
    private static async Task<string> HashOf(string file)
    {
        await using var copied = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(copied));
    }

    internal override ValueTask<string?> StateOf(Session session) => new(_state);

    private static void Delete(string file)
    {
        foreach (var part in new[] { "", "-wal", "-shm", "-journal" })
        {
            File.Delete(file + part);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Delete(_file);
        await _lock.DisposeAsync();
    }
}
