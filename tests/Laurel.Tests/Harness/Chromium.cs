using System.Diagnostics;

namespace Laurel.Tests.Harness;

/// <summary>A real Chromium that shows one page, with a profile of its own. It ends with its test.</summary>
internal sealed class Chromium : IDisposable
{
    private readonly Process _process;
    private readonly string _profile;

    private Chromium(Process process, string profile) => (_process, _profile) = (process, profile);

    /// <summary>Why no Chromium can run here; null when one can.</summary>
    public static string? Missing => Program is null ? "Chromium is not installed." : null;

    internal static string? Program => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(Tool.Find).FirstOrDefault(path => path is not null);

    public static Chromium Show(Uri page)
    {
        var profile = Workspace.NewFolder("chromium");
        var start = new ProcessStartInfo(Program!)
        {
            ArgumentList =
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", $"--user-data-dir={profile}",
                // A debugging port keeps the headless browser open after the page has loaded.
                "--remote-debugging-port=0", page.AbsoluteUri,
            },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        Workspace.Track(process.Id);
        // Nobody reads what it says, and a full pipe would stop it.
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new Chromium(process, profile);
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        for (var tries = 0; ; tries++)
        {
            try
            {
                Workspace.Clear(_profile);
                return;
            }
            catch (IOException) when (tries < 20)
            {
                // A child that is just ending still writes.
                Thread.Sleep(100);
            }
        }
    }
}
