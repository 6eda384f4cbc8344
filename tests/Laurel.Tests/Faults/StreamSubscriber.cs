using Laurel.Core.Live;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Faults;

/// <summary>An event as a subscriber was told it.</summary>
internal readonly record struct Told(LiveEventId Id, string Type, long Award, long User, long Badge);

/// <summary>Reads the stream of two servers: comes back wherever one is, behind the last event it has read, and every now and then without
/// a reason, until it has been told of an award of each of the last badges.</summary>
/// <param name="address">Of a server, by its number.</param>
/// <param name="last">Badges that are awarded once, behind everything else.</param>
internal sealed class StreamSubscriber(Func<int, Uri> address, string key, int number, IReadOnlyList<long> last)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<long> _awaited = [.. last];
    private readonly Random _random = new(number);
    private string? _place;

    /// <summary>Ends when it has its first place.</summary>
    public Task Begun => _begun.Task;

    public List<Told> Events { get; } = [];

    public int Connections { get; private set; }

    private bool IsDone => _awaited.Count == 0;

    /// <summary>That ids ascend, so that none came twice.</summary>
    public static void AssertAscend(List<Told> told) => Assert.All(told.Zip(told.Skip(1)), pair => Assert.True(pair.First.Id < pair.Second.Id));

    public async Task Run()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        while (!IsDone)
        {
            try
            {
                await Read(client, _random.Next(50, 400));
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException or OperationCanceledException)
            {
                await Task.Delay(50);
            }
        }
    }

    private async Task Read(HttpClient client, int most)
    {
        using var reader = await EventReader.Open(client, $"{address(_random.Next(2))}laurel/v1/stream", key, _place);
        Connections++;
        try
        {
            var next = reader.Next();
            while (_place is null && reader.LastEventId is null && !next.IsCompleted)
            {
                await Task.Delay(5);
            }
            _begun.TrySetResult();
            for (; !IsDone && most > 0 && await next is { } each; most--)
            {
                Take(each);
                _place = each.Id;
                next = IsDone || most == 1 ? Task.FromResult<ServerSentEvent?>(null) : reader.Next();
            }
        }
        finally
        {
            _place ??= reader.LastEventId;
        }
    }

    private void Take(ServerSentEvent each)
    {
        Assert.True(each.Type != "reset", each.Data);
        Assert.True(LiveEventId.TryParse(each.Id, out var id));
        var badge = each.Json["badgeId"]!.GetValue<long>();
        Events.Add(new Told(id, each.Type, each.Json["awardId"]!.GetValue<long>(), each.Json["userId"]!.GetValue<long>(), badge));
        _awaited.Remove(badge);
    }
}
