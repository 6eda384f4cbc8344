using System.CommandLine;
using System.Net;

namespace Laurel.Server.Commands;

/// <summary><c>laurel health</c>: asks the server of this machine whether it can serve, for what has no other client at hand: a
/// container, a supervisor.</summary>
internal static class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Make()
    {
        var health = new Command("health", "Ask the server of this machine, at one of its --urls, plain http if it has one, whether it can store and read.") { ServeCommand.Urls };
        health.SetAction((line, ct) => Ask(line, ct));
        return health;
    }

    private static async Task<int> Ask(ParseResult line, CancellationToken ct)
    {
        var ready = Ready(ServeCommand.Options(line, Settings.Read()).Urls);
        using var client = new HttpClient { Timeout = Patience };
        try
        {
            using var answer = await client.GetAsync(ready, ct);
            var body = await answer.Content.ReadAsStringAsync(ct);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                throw new CommandFailedException($"{ready} answers {(int)answer.StatusCode}: {body}");
            }
            await line.InvocationConfiguration.Output.WriteLineAsync(body);
            return ExitCodes.Ok;
        }
        catch (Exception silent) when (silent is HttpRequestException || (silent is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new CommandFailedException($"{ready} does not answer.");
        }
    }

    /// <summary>Where a server that listens there is asked by its own machine.</summary>
    internal static Uri Ready(string urls)
    {
        var all = urls.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(BindingAddress.Parse).ToList();
        // A certificate names the server for others, seldom for its own machine.
        var listens = all.Find(each => each.Scheme == "http") ?? all[0];
        var host = listens.Host is "*" or "+" or "0.0.0.0" ? "127.0.0.1" : listens.Host is "[::]" ? "[::1]" : listens.Host;
        return new UriBuilder(listens.Scheme, host, listens.Port, "/health/ready").Uri;
    }
}
