using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Laurel.Core.Storage;

/// <summary>A prepared SQLite statement, driven without the ADO.NET layer: a point read costs about a microsecond.</summary>
internal sealed class SqliteStatement : Statement, IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    // The statement again, for calls that are made a dozen times an award: the handle's owner lives as long as this object.
    private readonly nint _pointer;
    private bool _stepped;

    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _pointer = _statement.DangerousGetHandle();
    }

    public void Rewind()
    {
        _stepped = false;
        // The result repeats the error of the step before, which has been thrown already.
        _ = SqliteCalls.Reset(_pointer);
    }

    public override SqliteStatement Set(int index, long value)
    {
        Check(SqliteCalls.Bind(_pointer, index, value));
        return this;
    }

    public override SqliteStatement Set(int index, long? value)
    {
        Check(value is { } number ? SqliteCalls.Bind(_pointer, index, number) : raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    public override SqliteStatement Set(int index, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_statement, index) : raw.sqlite3_bind_text(_statement, index, value));
        return this;
    }

    public override SqliteStatement Set(int index, byte[] value)
    {
        Check(raw.sqlite3_bind_blob(_statement, index, value));
        return this;
    }

    /// <summary>Steps; true when a row is there.</summary>
    public bool Step()
    {
        _stepped = true;
        var result = SqliteCalls.Step(_pointer);
        if (result == raw.SQLITE_ROW)
        {
            return true;
        }
        if (result != raw.SQLITE_DONE)
        {
            var failure = Failure(result);
            Rewind();
            throw failure;
        }
        Rewind();
        return false;
    }

    /// <summary>Executes to the end and answers how many rows changed.</summary>
    public int Execute()
    {
        while (Step())
        {
        }
        return raw.sqlite3_changes(_database);
    }

    public override ValueTask<bool> Read() => ValueTask.FromResult(Step());

    public override ValueTask<int> Run() => ValueTask.FromResult(Execute());

    public override ValueTask Done()
    {
        if (_stepped)
        {
            Rewind();
        }
        return default;
    }

    public override long Long(int column) => SqliteCalls.Long(_pointer, column);

    public override string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public override byte[] Bytes(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    public override bool IsNull(int column) => SqliteCalls.Type(_pointer, column) == raw.SQLITE_NULL;

    public void Dispose() => _statement.Dispose();

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw Failure(result);
        }
    }

    private SqliteException Failure(int result) =>
        new(raw.sqlite3_errmsg(_database).utf8_to_string(), result & 0xff, raw.sqlite3_extended_errcode(_database));
}

/// <summary>The library's calls on a statement, without the cost of a safe handle. What does no more than set or read a field keeps
/// the garbage collector waiting instead of telling it.</summary>
internal static partial class SqliteCalls
{
    private const string Library = "e_sqlite3";

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Step(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Reset(nint statement);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static partial int Bind(nint statement, int index, long value);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static partial long Long(nint statement, int column);

    [LibraryImport(Library, EntryPoint = "sqlite3_column_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    public static partial int Type(nint statement, int column);
}
