using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Laurel.Core.Storage;

/// <summary>A database's file through the descriptor of a connection that has it open. Whoever opened the file and closed it again would
/// take away every lock that the process has on it, which others would then take for closed.</summary>
internal sealed unsafe partial class SqliteFile
{
    private const int FilePointer = 7;

    private readonly SqliteConnection _connection;
    private readonly Methods** _file;

    /// <exception cref="SqliteException">The connection has no file.</exception>
    public SqliteFile(SqliteConnection connection)
    {
        _connection = connection;
        Methods** file;
        Check(Control(connection.Handle!.DangerousGetHandle(), "main", FilePointer, &file));
        _file = file;
    }

    /// <summary>In bytes.</summary>
    public long Length
    {
        get
        {
            long length;
            Check((*_file)->FileSize(_file, &length));
            GC.KeepAlive(_connection);
            return length;
        }
    }

    /// <summary>Fills the buffer.</summary>
    /// <exception cref="SqliteException">It cannot be read, or ends before.</exception>
    public void Read(long offset, Span<byte> into)
    {
        fixed (byte* first = into)
        {
            Check((*_file)->Read(_file, first, into.Length, offset));
        }
        GC.KeepAlive(_connection);
    }

    private static void Check(int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw new SqliteException(raw.sqlite3_errstr(result).utf8_to_string(), result & 0xff, result);
        }
    }

    // The first members of sqlite3_io_methods, whose order is part of SQLite's interface.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Methods
    {
        private readonly int _version;
        private readonly nint _close;
        public readonly delegate* unmanaged[Cdecl]<Methods**, byte*, int, long, int> Read;
        private readonly nint _write;
        private readonly nint _truncate;
        private readonly nint _sync;
        public readonly delegate* unmanaged[Cdecl]<Methods**, long*, int> FileSize;
    }

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(nint database, string name, int operation, void* argument);
}
