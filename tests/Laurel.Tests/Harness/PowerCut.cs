namespace Laurel.Tests.Harness;

/// <summary>A disk that can lose its power: an XFS file system in an image file, shut down without flushing. What was written and
/// synced before <see cref="Cut"/> is there after <see cref="Restore"/>; what only sat in the page cache is gone, unless the
/// kernel wrote it back by itself meanwhile (after seconds). It does not imitate a disk that lies about its own cache.</summary>
internal sealed class PowerCut : IAsyncDisposable
{
    private static readonly Lazy<Task<string?>> Tried = new(Try);
    private readonly string _own;

    private PowerCut(string own) => _own = own;

    /// <summary>Where to put what shall survive, or not. Paths stay the same across cuts.</summary>
    public string Folder => Path.Combine(_own, "mount");

    private string Image => Path.Combine(_own, "image");

    /// <summary>Why power cuts cannot be made here; null when they can. Tries it once for real.</summary>
    public static Task<string?> Missing() => Tried.Value;

    /// <summary>Skips the calling test where power cuts cannot be made. Only for root (or sudo without a password) does
    /// <see cref="Requirement.All"/> turn that into a failure.</summary>
    public static async Task<PowerCut> Create()
    {
        if (await Missing() is { } missing)
        {
            if (!MayMount)
            {
                Xunit.Assert.Skip(missing);
            }

            Requirement.Need(missing);
        }

        return await Task.Run(New);
    }

    /// <summary>From now on every read and write of the file system fails. Kill the processes that use it before
    /// <see cref="Restore"/>: they hold memory that a real power cut would have taken.</summary>
    public void Cut() => Tool.RunAsRoot("xfs_io", "-x", "-c", "shutdown", Folder);

    /// <summary>Unmounts, and mounts again with the file system's own recovery.</summary>
    public async Task Restore() => await Task.Run(() =>
    {
        Unmount(Folder);
        Mount();
    });

    public async ValueTask DisposeAsync() => await Task.Run(() => Workspace.Clear(_own));

    /// <summary>Waits a while for processes that are still ending with files open; then says which they are.</summary>
    internal static void Unmount(string folder)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (true)
        {
            try
            {
                Tool.RunAsRoot("umount", folder);
                return;
            }
            catch (InvalidOperationException) when (Environment.TickCount64 < deadline)
            {
                Thread.Sleep(20);
            }
            catch (InvalidOperationException busy)
            {
                var users = UsersOf(folder);
                Tool.RunAsRoot("umount", "--lazy", folder);
                throw new InvalidOperationException($"{busy.Message} Used by: {string.Join(", ", users)}", busy);
            }
        }
    }

    private static bool MayMount => Environment.IsPrivilegedProcess || Tool.Try("sudo", "-n", "true").ExitCode == 0;

    private static PowerCut New()
    {
        var disk = new PowerCut(Workspace.NewFolder("disk"));
        Directory.CreateDirectory(disk.Folder);
        using (var image = File.Create(disk.Image))
        {
            // Sparse. mkfs.xfs refuses less than 300 MB.
            image.SetLength(320L << 20);
        }

        Tool.Run("mkfs.xfs", "-q", disk.Image);
        disk.Mount();
        return disk;
    }

    private static async Task<string?> Try()
    {
        if (!MayMount)
        {
            return "A power cut needs root (or sudo without a password) to mount a file system.";
        }

        if (Tool.Find("mkfs.xfs") is null || Tool.Find("xfs_io") is null)
        {
            return "A power cut needs mkfs.xfs and xfs_io (Debian: xfsprogs).";
        }

        try
        {
            await using var disk = await Task.Run(New);
            return null;
        }
        catch (InvalidOperationException refused)
        {
            return $"No XFS file system can be mounted here: {refused.Message}";
        }
    }

    private void Mount()
    {
        Tool.RunAsRoot("mount", "-t", "xfs", "-o", "loop,noatime,nodev,nosuid", Image, Folder);
        if (!Environment.IsPrivilegedProcess)
        {
            Tool.RunAsRoot("chown", Environment.UserName, Folder);
        }
    }

    private static List<string> UsersOf(string folder)
    {
        List<string> users = [];
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                IEnumerable<string> links = [Path.Combine(process, "cwd"), .. Directory.EnumerateFiles(Path.Combine(process, "fd"))];
                if (links.Any(link => new FileInfo(link).LinkTarget?.StartsWith(folder, StringComparison.Ordinal) is true))
                {
                    users.Add($"{Path.GetFileName(process)} ({File.ReadAllText(Path.Combine(process, "comm")).Trim()})");
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // Ended while we looked, or not ours to look into.
            }
        }

        return users;
    }
}
