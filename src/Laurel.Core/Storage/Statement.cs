namespace Laurel.Core.Storage;

/// <summary>One SQL statement on one session, for paths where a row mapper would cost more than the query. Parameters are
/// <c>$1</c>, <c>$2</c>… and must first appear in that order in the text (SQLite numbers them by appearance).
/// Not thread-safe; reset before its next use by <see cref="Session.Prepare"/>.</summary>
public abstract class Statement
{
    /// <summary>Sets parameter <paramref name="index"/> (from 1).</summary>
    public abstract Statement Set(int index, long value);

    /// <inheritdoc cref="Set(int, long)"/>
    public abstract Statement Set(int index, long? value);

    /// <inheritdoc cref="Set(int, long)"/>
    public abstract Statement Set(int index, string? value);

    /// <inheritdoc cref="Set(int, long)"/>
    public abstract Statement Set(int index, byte[] value);

    /// <summary>Executes on the first call; then moves to the next row. False when there is none.</summary>
    public abstract ValueTask<bool> Read();

    /// <summary>Executes and answers whether there is a row.</summary>
    public async ValueTask<bool> Any()
    {
        var found = await Read();
        await Done();
        return found;
    }

    /// <summary>Executes without reading rows and answers how many rows changed.</summary>
    public abstract ValueTask<int> Run();

    /// <summary>Ends reading before the last row.</summary>
    public abstract ValueTask Done();

    public abstract long Long(int column);

    public abstract string Text(int column);

    public abstract byte[] Bytes(int column);

    public abstract bool IsNull(int column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);
}
