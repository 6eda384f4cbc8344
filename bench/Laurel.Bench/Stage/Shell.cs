using System.Diagnostics;

namespace Laurel.Bench;

/// <summary>Short commands whose output is wanted.</summary>
internal static class Shell
{
    /// <summary>Runs a command to its end and returns what it printed; one that fails ends the run.</summary>
    public static async Task<string> Run(string file, IEnumerable<string> arguments, CancellationToken ct, string? directory = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = directory ?? "",
        };
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var error = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            if (process.ExitCode == 0)
                return await output;
            throw new BenchException(
                $"{file} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:\n{await output}{await error}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Like <see cref="Run"/>, for what is good to know but not needed.</summary>
    public static async Task<string?> Try(string file, IEnumerable<string> arguments, CancellationToken ct)
    {
        try
        {
            return (await Run(file, arguments, ct)).Trim();
        }
        catch (BenchException)
        {
            return null;
        }
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception problem)
        {
            throw new BenchException($"cannot start {start.FileName}: {problem.Message}");
        }
    }
}
