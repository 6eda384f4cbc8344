using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Laurel.Tests.Harness;

/// <summary>An HTTP proxy on loopback that answers CONNECT (RFC 9110, 9.3.6) and leads every tunnel, whatever host it
/// asks for, to one server. A client which honours <c>HTTPS_PROXY</c> thus calls <c>https://badges.roblox.com</c>
/// unchanged and reaches the server under test; nothing ever leaves the machine.
/// <para>An <c>https</c> server gets the tunnel's bytes untouched and shows a certificate of its own. For an <c>http</c>
/// server the proxy ends TLS with the given leaf, as the load balancer in front of a deployment does.</para></summary>
internal sealed class ConnectProxy : IAsyncDisposable
{
    private const int LongestHead = 16 * 1024;

    private readonly Uri _server;
    private readonly X509Certificate2 _leaf;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _hosts = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task _accepting;

    private ConnectProxy(Uri server, X509Certificate2 leaf)
    {
        (_server, _leaf) = (server, leaf);
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = Accept();
    }

    /// <summary>What <c>HTTPS_PROXY</c> is set to.</summary>
    public Uri Address { get; }

    /// <summary>The <c>host:port</c> of every tunnel asked for, in order.</summary>
    public IReadOnlyCollection<string> Hosts => _hosts;

    /// <summary>Why tunnels broke: a refused connection, a certificate the client does not trust.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public static ConnectProxy Start(Uri server, X509Certificate2 leaf) => new(server, leaf);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stopping.Dispose();
    }

    private async Task Accept()
    {
        var tunnels = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stopping.Token);
                tunnels.RemoveAll(tunnel => tunnel.IsCompleted);
                tunnels.Add(Serve(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(tunnels);
        }
    }

    private async Task Serve(Socket accepted)
    {
        await using var client = new NetworkStream(accepted, ownsSocket: true);
        var host = "?";
        try
        {
            var request = (await ReadHead(client)).Split(' ', 3);
            if (request is not ["CONNECT", _, _])
            {
                await Answer(client, "405 Method Not Allowed");
                return;
            }

            host = request[1];
            _hosts.Enqueue(host);
            using var server = new TcpClient { NoDelay = true };
            await server.ConnectAsync(_server.Host, _server.Port, _stopping.Token);
            await Answer(client, "200 Connection Established");

            await using var near = await Decrypted(client);
            await using var far = server.GetStream();
            // A side that closes ends the tunnel: HTTP has no use for a half-open one.
            await Task.WhenAny(near.CopyToAsync(far, _stopping.Token), far.CopyToAsync(near, _stopping.Token)).Unwrap();
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            if (!_stopping.IsCancellationRequested)
            {
                _failures.Enqueue($"{host}: {e.Message}");
            }
        }
    }

    private async Task<Stream> Decrypted(NetworkStream client)
    {
        if (_server.Scheme == Uri.UriSchemeHttps)
        {
            return client;
        }

        var tls = new SslStream(client, leaveInnerStreamOpen: true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = _leaf,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        }, _stopping.Token);
        return tls;
    }

    // One byte at a time: what follows the head belongs to the tunnel.
    private async Task<string> ReadHead(NetworkStream client)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < LongestHead)
        {
            await client.ReadExactlyAsync(one, _stopping.Token);
            head.Append((char)one[0]);
            if (head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
            {
                return head.ToString();
            }
        }

        throw new IOException("The head of the request is too long.");
    }

    private async Task Answer(NetworkStream client, string status) =>
        await client.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n\r\n"), _stopping.Token);
}
