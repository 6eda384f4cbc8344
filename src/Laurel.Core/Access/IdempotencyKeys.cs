using System.Security.Cryptography;
using System.Text;
using Laurel.Core.Storage;

namespace Laurel.Core.Access;

/// <summary>The first answer to a request that carried an Idempotency-Key.</summary>
public sealed record StoredAnswer(int Status, string? ContentType, byte[] Body);

/// <summary>What an Idempotency-Key stands for.</summary>
public enum IdempotencyState
{
    /// <summary>New: the caller runs the request, then completes or abandons the key.</summary>
    Begun,

    /// <summary>Answered before: the answer is given again.</summary>
    Answered,

    /// <summary>The first request with it has not ended.</summary>
    Running,

    /// <summary>Used before with another request.</summary>
    Mismatch,
}

/// <summary>First answers, kept 24 hours under (key's holder, route, Idempotency-Key).</summary>
public sealed class IdempotencyKeys(Database database, TimeProvider time)
{
    private const long Retention = Clock.Day;

    // A process that died leaves its keys running; after this they may be taken over.
    private const long Abandoned = 60 * Clock.Second;

    /// <param name="scope">Who asks and what: the same key of another caller or route is another key.</param>
    /// <param name="key">The header's value.</param>
    /// <param name="request">The request's body.</param>
    public async Task<(IdempotencyState State, string Hash, StoredAnswer? Answer)> Begin(string scope, string key, ReadOnlyMemory<byte> request)
    {
        var hash = Hash(Encoding.UTF8.GetBytes($"{scope}\n{key}"));
        var requestHash = Hash(request.Span);
        return await database.Write(async session =>
        {
            var now = time.Micros();
            await session.Execute("DELETE FROM idempotency_keys WHERE hash = @hash AND (created_at < @expired OR (status = 0 AND created_at < @abandoned))",
                new { hash, expired = now - Retention, abandoned = now - Abandoned });
            var inserted = await session.Execute(
                "INSERT INTO idempotency_keys (hash, request_hash, status, created_at) VALUES (@hash, @requestHash, 0, @now) ON CONFLICT DO NOTHING",
                new { hash, requestHash, now });
            if (inserted == 1)
            {
                return (IdempotencyState.Begun, hash, (StoredAnswer?)null);
            }
            var row = await session.QueryFirst<Row>(
                "SELECT request_hash AS RequestHash, status AS Status, content_type AS ContentType, body AS Body FROM idempotency_keys WHERE hash = @hash",
                new { hash });
            // Gone again already: who held it abandoned it in this moment.
            return row is null ? (IdempotencyState.Running, hash, null)
                : row.RequestHash != requestHash ? (IdempotencyState.Mismatch, hash, null)
                : row.Status == 0 ? (IdempotencyState.Running, hash, null)
                : (IdempotencyState.Answered, hash, new StoredAnswer((int)row.Status, row.ContentType, row.Body ?? []));
        });
    }

    /// <summary>Keeps the answer.</summary>
    public Task Complete(string hash, StoredAnswer answer) => database.Write(async session => await session.Execute(
        "UPDATE idempotency_keys SET status = @Status, content_type = @ContentType, body = @Body WHERE hash = @hash",
        new { hash, answer.Status, answer.ContentType, answer.Body }));

    /// <summary>Forgets the key: what failed may be tried again with it.</summary>
    public Task Abandon(string hash) => database.Write(async session =>
        await session.Execute("DELETE FROM idempotency_keys WHERE hash = @hash AND status = 0", new { hash }));

    /// <summary>Drops what is older than 24 hours.</summary>
    public Task Trim() => database.Write(async session =>
        await session.Execute("DELETE FROM idempotency_keys WHERE created_at < @expired", new { expired = time.Micros() - Retention }));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private sealed class Row
    {
        public string RequestHash { get; init; } = "";
        public long Status { get; init; }
        public string? ContentType { get; init; }
        public byte[]? Body { get; init; }
    }
}
