using Laurel.Core;
using Laurel.Core.Users;
using Laurel.Tests.Awards;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>A COMMIT that a cluster of Citus has decided, and that some machine has yet to hear of.</summary>
public sealed class CitusCommitTests
{
    // A COMMIT whose answer says nothing for certain, once.
    private const string Doubt = """
        CREATE SEQUENCE doubts;
        CREATE FUNCTION doubt() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
          IF nextval('doubts') = 1 THEN
            WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1281455474 AND NOT granted) LOOP
              PERFORM pg_sleep(0.01);
            END LOOP;
            RAISE WARNING 'a machine is away';
          END IF;
          RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER doubt AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doubt();
        """;

    private const string Waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'transactionid')";

    [Fact]
    public async Task A_batch_whose_row_is_not_seen_yet_is_not_written_again()
    {
        Requirement.Need(PrivatePostgres.Missing);
        await using var cluster = await PrivatePostgres.StartNew();
        await using var database = await TestDatabase.On(cluster);
        await FakeCitus.Install(database);
        await using var laurel = await TestCore.OpenSecond(database);
        await laurel.Issuer(1);
        await laurel.Badge(1, 1);
        await laurel.User(1);
        await using var machine = await Open(database);
        await Run(machine, Doubt);

        var awarding = laurel.Award(1, 1).AsTask();
        await Until(machine, "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1281455474 AND granted)");
        var slot = laurel.Core.Ledger.WriterOf(1).Store.Node;
        // Its turn comes when the COMMIT is over, before the batch is asked about.
        await Run(machine, $"SELECT pg_advisory_lock(1281455474, {slot})");
        await Run(machine, "CREATE TEMP TABLE unseen AS SELECT * FROM outbox; DELETE FROM outbox");
        await Run(machine, $"BEGIN; INSERT INTO outbox SELECT * FROM unseen; SELECT pg_advisory_unlock(1281455474, {slot})");
        await using (var other = await Open(database))
        {
            while (!awarding.IsCompleted && !await Ask(other, Waits))
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
        await Run(machine, "COMMIT");

        Assert.True((await awarding).Created);
        await laurel.Award(1, 1);
        Assert.Equal(1, await laurel.Core.Statistics.Awarded(1));
        await Recount.AssertExact(laurel.Core, laurel.Core.Time.Micros());
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task Who_has_a_name_and_is_not_seen_yet_keeps_it(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await using var laurel = await TestCore.OpenSecond(database);
        await using var machine = await Open(database);
        await Run(machine, "INSERT INTO user_names (name, kind, user_id) VALUES ('ada', 1, 5)");
        await Run(machine, "BEGIN; INSERT INTO users (id, key, is_verified, followers_count, created_at, updated_at) VALUES (5, 'ada', 0, 0, 1, 1)");

        var claiming = laurel.Core.Users.Put(6, new UserDraft { Key = "ada" }, null, createOnly: false);
        await using (var other = await Open(database))
        {
            while (!claiming.IsCompleted && !await Ask(other, Waits))
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }
        await Run(machine, "COMMIT");

        Assert.False((await claiming).Succeeded(out _, out var refusal));
        Assert.Equal(RefusalCode.KeyTaken, refusal!.Code);
        Assert.Equal(5, await laurel.Core.Users.FindIdByKey("ada"));
    }

    private static async Task<NpgsqlConnection> Open(TestDatabase database)
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task Until(NpgsqlConnection connection, string condition)
    {
        while (!await Ask(connection, condition))
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<bool> Ask(NpgsqlConnection connection, string condition)
    {
        await using var command = new NpgsqlCommand(condition, connection);
        return (bool)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
