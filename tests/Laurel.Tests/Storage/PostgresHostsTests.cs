using Laurel.Core.Storage;
using Laurel.Tests.Harness;
using Npgsql;
using Xunit;

namespace Laurel.Tests.Storage;

/// <summary>Which server a connection string leads to.</summary>
public sealed class PostgresHostsTests
{
    [Theory]
    [EveryEngine(true, "primary", Only = [Engine.Postgres])]
    [EveryEngine(true, null, Only = [Engine.Postgres])]
    [EveryEngine(false, "primary", Only = [Engine.Postgres])]
    public async Task The_primary_is_found_whatever_else_is_named(Engine engine, bool several, string? attributes)
    {
        await using var created = await TestDatabase.Create(engine);
        var port = new NpgsqlConnectionStringBuilder(created.ConnectionString).Port;
        var connection = new NpgsqlConnectionStringBuilder(created.ConnectionString)
        {
            // Where nobody listens first.
            Host = several ? $"127.0.0.1:{Tool.FreePort()},127.0.0.1:{port}" : "127.0.0.1",
            TargetSessionAttributes = attributes,
        }.ConnectionString;

        await using var database = Database.Open(new DatabaseOptions(connection));

        Assert.Equal("postgresql", database.Engine);
        Assert.Equal(port, await database.Read(async session => await session.QueryFirst<int>("SELECT inet_server_port()")));
        Assert.Equal(port, await database.Write(async session => await session.QueryFirst<int>("SELECT inet_server_port()")));
    }

    [Theory, EveryEngine(Only = [Engine.Postgres])]
    public async Task A_socket_of_this_machine_is_a_host_too(Engine engine)
    {
        await using var created = await TestDatabase.Create(engine);
        var connection = new NpgsqlConnectionStringBuilder(created.ConnectionString) { Host = PrivatePostgres.Sockets }.ConnectionString;

        await using var database = Database.Open(new DatabaseOptions(connection));

        Assert.True(await database.Read(async session => await session.QueryFirst<bool>("SELECT inet_server_port() IS NULL")));
    }
}
