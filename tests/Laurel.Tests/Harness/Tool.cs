using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Laurel.Tests.Harness;

/// <summary>By their POSIX numbers.</summary>
internal enum Signal
{
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>Programs of the operating system, run to their end.</summary>
internal static partial class Tool
{
    // Administration tools are often missing from the PATH of a plain user.
    private static readonly string[] Folders =
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/sbin"];

    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Standard output; a non-zero exit code throws with everything the program said.</summary>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        var (exitCode, output, error) = Try(program, arguments);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {exitCode}: {output}{error}");
    }

    public static (int ExitCode, string Output, string Error) Try(string program, params IEnumerable<string> arguments)
    {
        // The root folder, because a program that runs as another user may not enter ours.
        var start = new ProcessStartInfo(Find(program) ?? program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (Win32Exception missing)
        {
            return (127, "", missing.Message);
        }
    }

    /// <summary>What needs root, through sudo where it asks for no password.</summary>
    public static string RunAsRoot(string program, params IEnumerable<string> arguments) =>
        Environment.IsPrivilegedProcess ? Run(program, arguments) : Run("sudo", ["-n", Find(program) ?? program, .. arguments]);

    /// <summary>A TCP port of the loopback address that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>When a process started, in clock ticks since boot: with its id it names a process for good, although ids are reused.
    /// 0 where there is no /proc; null when no such process runs.</summary>
    public static long? StartedAt(int processId)
    {
        if (!Directory.Exists("/proc/self"))
        {
            try
            {
                using var process = Process.GetProcessById(processId);
                return process.HasExited ? null : 0;
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        try
        {
            // Fields are counted after the program's name, which may itself hold spaces and parentheses.
            var status = File.ReadAllText($"/proc/{processId}/stat");
            var fields = status[(status.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static void Send(Signal signal, int processId) => _ = Kill(processId, (int)signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
