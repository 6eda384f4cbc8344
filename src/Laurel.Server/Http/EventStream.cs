using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;

namespace Laurel.Server.Http;

/// <summary>An answer of server-sent events (WHATWG HTML §9.2). What is written waits in the response's own buffer, which is bounded;
/// who does not take it in time is cut off.</summary>
internal sealed class EventStream(HttpContext context, TimeProvider time)
{
    private const string ContentType = "text/event-stream; charset=utf-8";

    // Written so far without being sent, at most.
    private const int MostUnsent = 16 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Not all come back at the same moment when a server ends.
    private const int EarliestReturn = 500;
    private const int LatestReturn = 2500;

    private readonly PipeWriter _body = context.Response.BodyWriter;

    /// <summary>Writes the headers, and when to come back.</summary>
    public void Begin()
    {
        var headers = context.Response.Headers;
        headers.ContentType = ContentType;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        // Reverse proxies would keep events back until they fill a buffer.
        headers["X-Accel-Buffering"] = "no";
        Line("retry", RandomNumberGenerator.GetInt32(EarliestReturn, LatestReturn).ToString(CultureInfo.InvariantCulture));
        End();
    }

    /// <summary>One event.</summary>
    /// <param name="data">Without line breaks, in UTF-8.</param>
    /// <returns>False when the reader was too slow, or has gone.</returns>
    public async ValueTask<bool> Event(string name, string id, ReadOnlyMemory<byte> data)
    {
        Line("id", id);
        Line("event", name);
        Write("data: "u8);
        Write(data.Span);
        Write("\n\n"u8);
        return _body.UnflushedBytes < MostUnsent || await Send();
    }

    /// <summary>Moves the reader's place on without an event.</summary>
    public void Mark(string id)
    {
        Line("id", id);
        End();
    }

    /// <summary>Shows that the stream is alive.</summary>
    public void Heartbeat() => Write(": \n\n"u8);

    /// <inheritdoc cref="Event" path="/returns"/>
    public async ValueTask<bool> Send()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var ends = patience.Token.UnsafeRegister(static gone => ((HttpContext)gone!).Abort(), context);
        try
        {
            var sent = await _body.FlushAsync(context.RequestAborted);
            return sent is { IsCanceled: false, IsCompleted: false } && !context.RequestAborted.IsCancellationRequested;
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private void Line(string field, string value)
    {
        Encoding.UTF8.GetBytes(field, _body);
        Write(": "u8);
        Encoding.UTF8.GetBytes(value, _body);
        End();
    }

    private void End() => Write("\n"u8);

    private void Write(ReadOnlySpan<byte> bytes) => _body.Write(bytes);
}
