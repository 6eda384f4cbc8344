using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Laurel.Core.Storage;

/// <summary>A file that comes into being all at once: it is made under another name beside the one it shall have, readable by its owner
/// only. Who is interrupted leaves that other name, which ends in <c>.part</c>.</summary>
internal sealed partial class NewFile : IDisposable
{
    private const int Exists = 17;

    private readonly string _name;
    private bool _published;

    /// <exception cref="IOException">The folder is not there or cannot be written.</exception>
    public NewFile(string name)
    {
        _name = name;
        Path = $"{name}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.part";
        using var created = Open(FileMode.CreateNew);
    }

    /// <summary>Where it is until it is published.</summary>
    public string Path { get; }

    public FileStream Open(FileMode mode = FileMode.Open)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (mode == FileMode.CreateNew && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        return new FileStream(Path, options);
    }

    /// <summary>Gives it its name, for good: what was written is synced, then the folder.</summary>
    /// <param name="replace">Takes the place of what has the name now, which is otherwise left as it is.</param>
    /// <exception cref="IOException">It has the name of something that is there.</exception>
    public void Publish(bool replace)
    {
        using (var stream = Open())
        {
            stream.Flush(flushToDisk: true);
        }
        if (replace)
        {
            File.Move(Path, _name, overwrite: true);
        }
        else
        {
            Link();
        }
        _published = true;
        SyncFolder(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(_name))!);
    }

    // A link, because to rename would replace a file that came to be in this moment. Where file systems have none, nobody is faster.
    private void Link()
    {
        if (Link(Path, _name) == 0)
        {
            File.Delete(Path);
        }
        else if (Marshal.GetLastPInvokeError() == Exists)
        {
            throw new IOException($"The file {_name} is there already.");
        }
        else
        {
            File.Move(Path, _name, overwrite: false);
        }
    }

    private static void SyncFolder(string folder)
    {
        var descriptor = OpenFile(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"The folder {folder} cannot be synced: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        var failed = Sync(descriptor) != 0;
        var message = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (failed)
        {
            throw new IOException($"The folder {folder} cannot be synced: {message}.");
        }
    }

    public void Dispose()
    {
        if (!_published)
        {
            File.Delete(Path);
            File.Delete(Path + "-wal");
            File.Delete(Path + "-shm");
            File.Delete(Path + "-journal");
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
