namespace Laurel.Server;

/// <summary>Puts the server together.</summary>
internal static class ServerHost
{
    /// <summary>Serves until the process is told to stop.</summary>
    public static async Task<int> Run(ServerOptions options, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(options.Urls);
        await builder.Build().RunAsync(ct);
        return 0;
    }
}
