using System.Diagnostics;
using Laurel.Core.Live;
using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Live;

public sealed class EventNumberingTests
{
    [Theory, EveryEngine]
    public async Task Whoever_numbers_at_once_every_row_gets_one_number_and_no_number_is_left_out(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestCore.OpenSecond(database);
        await using var other = await TestCore.OpenSecond(database);
        await laurel.Fill(users: 60, badges: 2);
        using var done = new CancellationTokenSource();
        // Beside the two cores' own.
        var numbering = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var one = new EventNumbering(laurel.Core.Database, TimeProvider.System);
            while (!done.IsCancellationRequested)
            {
                await one.Number(await one.Read());
            }
        })).ToList();

        for (var user = 1; user <= 60; user++)
        {
            await Task.WhenAll(laurel.Award(user, 1).AsTask(), other.Award(user, 2).AsTask());
        }
        await done.CancelAsync();
        await Task.WhenAll(numbering);

        await NumberAll(laurel);
        await AssertNumbered(laurel.Core.Database);
    }

    [Theory, EveryEngine]
    public async Task Who_was_frozen_before_it_wrote_writes_nothing_when_others_have_numbered(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 2, badges: 2);
        var frozen = new EventNumbering(laurel.Core.Database, TimeProvider.System);
        await NumberAll(laurel);
        await laurel.Award(1, 1);
        var standing = await frozen.Read();
        await NumberAll(laurel);
        await laurel.Award(2, 1);

        Assert.Null(await frozen.Number(standing));
        await NumberAll(laurel);
        // What it knows may be older than all that is kept.
        await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM stream_runs"));
        Assert.Null(await frozen.Number(standing));
    }

    [Theory, EveryEngine]
    public async Task Who_has_read_the_next_number_from_later_than_what_waits_for_one_numbers_nothing_twice(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 1, badges: 2);
        await laurel.Award(1, 1);
        await laurel.Award(1, 2);
        await NumberAll(laurel);
        var (node, newest) = await laurel.Core.Database.Read(async session => await session.QueryFirst<(long, long)>("SELECT node, max(sequence) FROM outbox GROUP BY node"));
        var numbering = new EventNumbering(laurel.Core.Database, TimeProvider.System);

        Assert.Null(await numbering.Number(new((await numbering.Read()).Next, [new OutboxRun((short)node, 1, newest + 1)])));

        await AssertNumbered(laurel.Core.Database);
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task Who_is_frozen_while_it_writes_holds_nobody_up_for_long(Engine engine)
    {
        await using var laurel = await TestCore.Open(engine);
        await laurel.Fill(users: 1, badges: 2);
        await NumberAll(laurel);
        await laurel.Award(1, 1);
        var (holds, thaw) = (new TaskCompletionSource(), new TaskCompletionSource());
        var frozen = laurel.Core.Database.Write(async session =>
        {
            await session.EndWhenIdle(TimeSpan.FromSeconds(1));
            await session.Execute("UPDATE stream_heads SET next = next WHERE node = 0");
            holds.SetResult();
            await thaw.Task;
            return await session.Execute("UPDATE stream_heads SET next = 0");
        });
        await holds.Task;

        var waited = Stopwatch.StartNew();
        await NumberAll(laurel);
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), $"{waited.Elapsed}");
        thaw.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => frozen);
        await AssertNumbered(laurel.Core.Database);
    }

    [Theory, EveryEngine]
    public async Task A_history_that_begins_anew_begins_behind_all_numbers_that_were_given(Engine engine)
    {
        var time = new ManualTime();
        await using var laurel = await TestCore.Open(engine, time);
        await laurel.Fill(users: 2, badges: 2);
        await laurel.Award(1, 1);
        await NumberAll(laurel);
        var last = await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT next FROM stream_heads WHERE node = 0"));
        // As a restore does it.
        time.StepClock(TimeSpan.FromDays(-1));
        await laurel.Core.Database.Write(async session => await session.Execute("DELETE FROM stream_heads WHERE node = 0"));
        await laurel.Award(2, 1);
        await NumberAll(laurel);

        Assert.Equal(last, await laurel.Core.Database.Read(async session => await session.QueryFirst<long>("SELECT max(number) FROM stream_runs")));
        await AssertNumbered(laurel.Core.Database);
    }

    private static async Task NumberAll(TestCore laurel)
    {
        var numbering = new EventNumbering(laurel.Core.Database, laurel.Core.Time);
        while (await numbering.Read() is { News.Count: > 0 } standing)
        {
            try
            {
                await numbering.Number(standing);
            }
            catch (StorageUnavailableException)
            {
                // Somebody holds the row.
            }
        }
    }

    // Against the outbox: by node its sequences, in order, each once; by number without a gap.
    private static async Task AssertNumbered(Database database)
    {
        var runs = (await database.Read(async session => await session.Query<(long Number, long Node, long Sequence, long Rows)>(
            "SELECT number, node, sequence, rows FROM stream_runs ORDER BY number"))).ToList();
        foreach (var (run, next) in runs.Zip(runs.Skip(1)))
        {
            Assert.Equal(run.Number + run.Rows, next.Number);
        }
        var numbered = runs.SelectMany(run => Enumerable.Range(0, (int)run.Rows).Select(i => (run.Node, Sequence: run.Sequence + i)));
        var outbox = await database.Read(async session => await session.Query<(long, long)>("SELECT node, sequence FROM outbox ORDER BY node, sequence"));
        Assert.Equal(outbox, numbered.OrderBy(row => row.Node));
    }
}
