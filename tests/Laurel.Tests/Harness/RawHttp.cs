using System.Net.Sockets;
using System.Text;

namespace Laurel.Tests.Harness;

/// <summary>Bytes on a socket, for what no HTTP client would send.</summary>
internal sealed class RawHttp : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private RawHttp()
    {
    }

    public static async Task<RawHttp> Connect(Uri server)
    {
        var raw = new RawHttp();
        await raw._socket.ConnectAsync(server.Host, server.Port);
        return raw;
    }

    /// <summary>Text in which each character is one byte.</summary>
    public Task Send(string latin1) => Send(Encoding.Latin1.GetBytes(latin1));

    public async Task Send(byte[] bytes)
    {
        try
        {
            await _socket.SendAsync(bytes);
        }
        catch (SocketException)
        {
            // The server answered and closed before it had read everything.
        }
    }

    /// <summary>The whole answer; the server must close the connection. Status 0 if it closed without one.</summary>
    public async Task<(int Status, string Head, string Body)> Receive()
    {
        using var patience = new CancellationTokenSource(Patience);
        var received = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(buffer.AsMemory(), patience.Token)) > 0)
            {
                received.Write(buffer, 0, count);
            }
        }
        catch (SocketException)
        {
            // Reset, because it had not read everything: what came before counts.
        }
        var text = Encoding.UTF8.GetString(received.ToArray());
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return end < 0 ? (0, text, "") : (int.Parse(text.AsSpan(9, 3)), text[..end], text[(end + 4)..]);
    }

    /// <summary>Hangs up without a word.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();
}
