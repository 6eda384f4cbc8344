using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>Queries of readers who wait at the same time travel together, and none of them notices.</summary>
public sealed class PostgresReadsTests
{
    private const string Echo = "SELECT $1, 'text ' || $1, NULL::text, decode('00ff', 'hex'), 7::smallint FROM generate_series(1, $2)";

    [Fact]
    public async Task Each_reader_gets_the_answers_to_its_own_queries()
    {
        await using var server = await Server.Open();

        await Together(300, async number =>
        {
            var (first, second) = (server.Query(Echo).Set(1, number).Set(2, number % 3), server.Query(Echo).Set(1, -number).Set(2, 1));
            ((SharedStatement)first).Lead((SharedStatement)second);
            for (var row = 0; row < number % 3; row++)
            {
                Assert.True(await first.Read());
                Assert.Equal((number, $"text {number}", null, 7), (first.Long(0), first.Text(1), first.TextOrNull(2), first.Long(4)));
                Assert.Equal([0, 255], first.Bytes(3));
            }
            Assert.False(await first.Read());
            Assert.True(await second.Read());
            Assert.Equal(-number, second.Long(0));
            await second.Done();
            // Asked again, with something else.
            Assert.True(await second.Set(1, number + 1).Set(2, 1).Read());
            Assert.Equal(number + 1, second.Long(0));
        });
    }

    [Fact]
    public async Task What_is_refused_fails_alone()
    {
        await using var server = await Server.Open();

        await Together(200, async number =>
        {
            var query = server.Query("SELECT 12 / $1").Set(1, number % 3);
            if (number % 3 == 0)
            {
                Assert.Equal("22012", (await Assert.ThrowsAsync<PostgresException>(async () => await query.Read())).SqlState);
            }
            else
            {
                Assert.True(await query.Read());
                Assert.Equal(12 / (number % 3), query.Long(0));
            }
        });
    }

    [Fact]
    public async Task Nobody_waits_behind_what_is_slow()
    {
        await using var server = await Server.Open();
        await using var holder = await server.Source.OpenConnectionAsync(Ct);
        await using var hold = await holder.BeginTransactionAsync(Ct);
        await server.Run(holder, "SELECT pg_advisory_xact_lock(7)");

        // More than travel at once: whoever comes meanwhile is answered all the same.
        var slow = new List<Task<bool>>();
        while (slow.Count < 8)
        {
            slow.Add(Task.Run(() => server.Query("SELECT 1 FROM (SELECT pg_advisory_xact_lock_shared(7)) AS held").Read().AsTask()));
            while (await server.Count(holder, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7 AND NOT granted") < slow.Count)
            {
                await Task.Delay(10, Ct);
            }
        }
        await Together(100, async number =>
        {
            var query = server.Query("SELECT $1").Set(1, number);
            Assert.True(await query.Read());
            Assert.Equal(number, query.Long(0));
        });
        Assert.DoesNotContain(slow, each => each.IsCompleted);

        await hold.RollbackAsync(Ct);
        Assert.All(await Task.WhenAll(slow), Assert.True);
    }

    [Fact]
    public async Task A_connection_that_died_while_nobody_used_it_is_replaced_unnoticed()
    {
        await using var server = await Server.Open();
        await using var other = await server.Source.OpenConnectionAsync(Ct);
        for (var times = 0; times < 5; times++)
        {
            await Together(50, async number => Assert.True(await server.Query("SELECT $1").Set(1, number).Read()));
            await server.Run(other, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
        }
    }

    [Fact]
    public async Task Who_was_on_a_connection_that_ends_is_told_and_the_next_is_answered()
    {
        await using var server = await Server.Open();
        var victims = Enumerable.Range(0, 40).Select(_ => Task.Run(() => server.Query("SELECT pg_sleep(600)").Read().AsTask())).ToList();
        await using var other = await server.Source.OpenConnectionAsync(Ct);
        // Those that wait behind it may come to sleep in its place.
        while (!victims.TrueForAll(each => each.IsCompleted))
        {
            await server.Run(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()");
        }

        foreach (var victim in victims)
        {
            Assert.True(PostgresDatabase.IsUnavailable(await Assert.ThrowsAnyAsync<NpgsqlException>(() => victim)));
        }
        Assert.True(await server.Query("SELECT 1").Read());
    }

    [Fact]
    public async Task What_is_asked_again_and_again_is_planned_once()
    {
        const string Query = "SELECT id FROM users WHERE id > $1 ORDER BY id";
        await using var server = await Server.Open();
        await using var database = Database.Open(server.Options);
        await Migrator.Apply(database);
        for (var number = 1; number <= 20; number++)
        {
            await Ask(Query, number);
        }

        Assert.Equal(0, await Ask("SELECT custom_plans FROM pg_prepared_statements WHERE statement = $1", Query));
        Assert.True(await Ask("SELECT generic_plans FROM pg_prepared_statements WHERE statement = $1", Query) >= 15);

        // One reader alone has one connection.
        ValueTask<long?> Ask(string sql, object parameter) => database.Read(async session =>
        {
            var query = session.PrepareShort(sql);
            query = parameter is string text ? query.Set(1, text) : query.Set(1, (int)parameter);
            var answer = await query.Read() ? query.Long(0) : (long?)null;
            await query.Done();
            return answer;
        });
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task Together(int readers, Func<long, Task> read) =>
        Task.WhenAll(Enumerable.Range(1, readers).Select(number => Task.Run(() => read(number), Ct)));

    private sealed class Server(TestDatabase database, NpgsqlDataSource source) : IAsyncDisposable
    {
        private readonly PostgresReads _reads = new(source, 20);

        public NpgsqlDataSource Source => source;

        public DatabaseOptions Options => new(database.ConnectionString);

        public static async Task<Server> Open()
        {
            var database = await TestDatabase.Create(Engine.Postgres);
            return new Server(database, NpgsqlDataSource.Create(database.ConnectionString));
        }

        public Statement Query(string sql) => new SharedStatement(_reads, sql);

        public async Task Run(NpgsqlConnection connection, string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(Ct);
        }

        public async Task<long> Count(NpgsqlConnection connection, string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (long)(await command.ExecuteScalarAsync(Ct))!;
        }

        public async ValueTask DisposeAsync()
        {
            await source.DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
