using System.Diagnostics;

namespace Laurel.Bench;

/// <summary>Servers with a population in their databases.</summary>
internal static class Building
{
    private const int MostThroughApi = 50_000; // Badges beyond these go straight into the table.

    public static string NaiveName(Engine engine) => $"naive {engine.Title()}";

    public static string LaurelName(Engine engine) => $"laurel {engine.Title()}";

    public static async Task<Contender> Naive(Stage stage, Engine engine, Population population, CancellationToken ct)
    {
        Progress.Say($"building {NaiveName(engine)}: {population}");
        var store = await stage.NewStore(engine, "peer", ct);
        var server = await stage.StartPeer(store, population.Users, ct);
        if (population.Holders > 0)
            await PeerState.Fill(store, population, TimeProvider.System.GetUtcNow(), ct);
        return new Contender(NaiveName(engine), server, store, "/naive", MayFail: true);
    }

    public static async Task<Contender> Laurel(
        Stage stage, Engine engine, Population population, CancellationToken ct, string name = "laurel")
    {
        var store = await LaurelStore(stage, engine, population, ct, name);
        return new Contender(LaurelName(engine), await stage.StartLaurel(store, ct), store);
    }

    /// <summary>The server makes its schema and takes the catalogue through its API; the rest is filled in while it is stopped.</summary>
    public static async Task<IStore> LaurelStore(
        Stage stage, Engine engine, Population population, CancellationToken ct, string? name = null)
    {
        var store = await stage.NewStore(engine, name ?? $"laurel{population.Users}", ct);
        await Fill(stage, store, population, ct);
        return store;
    }

    /// <inheritdoc cref="LaurelStore"/>
    /// <param name="store">Empty.</param>
    /// <returns>How long it took, without the doctor's look at it.</returns>
    public static async Task<TimeSpan> Fill(Stage stage, IStore store, Population population, CancellationToken ct)
    {
        Progress.Say($"building {LaurelName(store.Engine)}: {population}");
        var clock = Stopwatch.StartNew();
        var throughApi = Math.Min(population.Badges, MostThroughApi);
        await using (var server = await stage.StartLaurel(store, ct))
        {
            using var api = stage.NativeApi(server);
            await api.Catalogue(population with { Badges = throughApi }, ct);
            await server.Stop(ct);
        }

        var now = TimeProvider.System.GetUtcNow();
        var builder = new StateBuilder(store);
        await builder.Users(population, now, ct);
        await builder.Badges(population, throughApi + 1, now, ct);
        await builder.Awards(population, now, ct);
        var took = clock.Elapsed;
        await stage.Doctor(store, ct);
        return took;
    }
}
