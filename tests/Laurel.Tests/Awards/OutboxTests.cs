using Laurel.Core.Awards;
using Xunit;

namespace Laurel.Tests.Awards;

/// <summary>The packed form of a batch's events.</summary>
public sealed class OutboxTests
{
    [Fact]
    public void What_is_packed_unpacks_to_the_same()
    {
        var random = new Random(1);
        for (var batch = 0; batch < 300; batch++)
        {
            var events = Enumerable.Range(0, random.Next(40)).Select(_ => Any(random)).ToList();

            Assert.Equal(events, Outbox.Unpack(Outbox.Pack([.. events])));
        }
    }

    private static OutboxEvent Any(Random random)
    {
        var kind = (OutboxKind)random.Next(1, 4);
        var buffered = kind != OutboxKind.Removed && random.Next(2) == 0;
        var occasion = buffered || kind == OutboxKind.Visited || random.Next(2) == 0 ? "" : $"s:{new string('é', random.Next(5))}\U0001F3C5";
        return new OutboxEvent(kind, Number(random), Number(random), Number(random), Number(random), occasion)
        {
            Source = kind == OutboxKind.Visited ? default : (AwardSource)random.Next(8),
            IsBuffered = buffered,
        };
    }

    private static long Number(Random random) => random.Next(4) switch
    {
        0 => random.Next(100),
        1 => 1_000_000_000 + random.Next(1_000_000_000),
        2 => random.NextInt64((1L << 53) + 1),
        _ => 0,
    };

    [Fact]
    public void A_row_that_was_cut_or_of_an_unknown_kind_is_refused()
    {
        var packed = Outbox.Pack([new OutboxEvent(OutboxKind.Awarded, 1000, 2000, 3000, 4000, "s:post") { Source = AwardSource.AnswerHub }]);
        for (var length = 1; length < packed.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Outbox.Unpack(packed.AsSpan(0, length)));
        }
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack([]));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack([2]));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack([.. packed, 0]));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack(Row(kind: 0)));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack(Row(kind: 7)));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack(Row(name: 2)));
        Assert.Throws<InvalidDataException>(() => Outbox.Unpack(Row(events: 1 << 6)));
        Assert.Single(Outbox.Unpack(Row()));
    }

    // One event of the one badge it names; small numbers, as they are stored.
    private static byte[] Row(byte events = 2, byte kind = 1, byte name = 0) => [1, events, 2, 2, kind, 2, name, 2, 2, 0];

    [Fact]
    public void An_award_and_its_visit_take_few_bytes()
    {
        var events = Enumerable.Range(0, 48).SelectMany(n => new[]
        {
            new OutboxEvent(OutboxKind.Awarded, 1_000_000_000 + (n * 140_000_000L), n % 2 * 2_124_455_667_000_000 + (n * 37 % 200), 1_099_511_627_776 + (n * 5 % 48), 1_795_000_000_000_000 + (n * 1777 % 5000), "")
            {
                IsBuffered = true,
            },
            new OutboxEvent(OutboxKind.Visited, 1_000_000_000 + (n * 70_000_000L), 13_058, 0, 5_983_333, "") { IsBuffered = true },
        }).ToArray();

        Assert.InRange(Outbox.Pack(events).Length / 48, 5, 20);
    }
}
