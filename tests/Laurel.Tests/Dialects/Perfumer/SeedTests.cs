using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>The requests of the original's documentation, word for word, and their answers byte for byte.</summary>
public sealed class SeedTests
{
    private const string Post = """
        {
            "collection": "my_collection1",
            "name": "profile/1",
            "user": "1",
            "payload": {
                "foo": "bar"
            }
        }
        """;

    private const string Named = """
        {
            "collection": "my_collection1",
            "name": "profile/1",
            "user": "1"
        }
        """;

    private const string Counters = """
        {
            "collection": "my_collection1",
            "names": ["profile/1", "profile/2", "_all"],
            "user": "1"
        }
        """;

    [Fact]
    public async Task They_are_answered_as_documented()
    {
        await using var perfumer = await PerfumerBed.With();
        (await perfumer.Send("POST", "/badge", Post)).Is(201, PerfumerBed.Done);
        (await perfumer.Send("GET", "/badges", Named)).Is(200,
            """{"status":true,"content":{"badges":[{"name":"profile/1","user":"1","payload":{"foo":"bar"},"created_at":"2020-06-20 08:43:16"}]}}""");
        await perfumer.Post("my_collection1", "1", "profile/2", "profile/2");
        (await perfumer.Send("GET", "/counters", Counters)).Is(200,
            """{"status":true,"content":{"counters":{"profile/1":1,"profile/2":2,"_all":3}}}""");
        (await perfumer.Send("DELETE", "/badges", Named)).Is(200, PerfumerBed.Done);
        (await perfumer.Send("GET", "/badges", Named)).Is(200, """{"status":true,"content":{"badges":[]}}""");
    }
}
