using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.HarnessTests;

public sealed class NetworkProxyTests : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private readonly TcpListener _echo = new(IPAddress.Loopback, 0);
    private readonly NetworkProxy _proxy;

    public NetworkProxyTests()
    {
        _echo.Start();
        _ = Echo();
        _proxy = NetworkProxy.To(((IPEndPoint)_echo.LocalEndpoint).Port);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _echo.Dispose();
    }

    [Fact]
    public async Task Bytes_pass_both_ways_later_by_the_latency()
    {
        using var client = await Connect();
        await client.SendAsync(new byte[] { 1 });
        Assert.Equal(1, await Next(client).WaitAsync(Soon));

        _proxy.Latency = TimeSpan.FromMilliseconds(50);
        var sent = Stopwatch.GetTimestamp();
        await client.SendAsync(new byte[] { 2 });

        Assert.Equal(2, await Next(client).WaitAsync(Soon));
        Assert.True(Stopwatch.GetElapsedTime(sent) >= TimeSpan.FromMilliseconds(99));
    }

    [Fact]
    public async Task A_pause_holds_bytes_back_and_keeps_the_connection()
    {
        using var client = await Connect();
        _proxy.Pause();
        await client.SendAsync(new byte[] { 3 });
        var answer = Next(client);

        await Task.Delay(100);
        Assert.False(answer.IsCompleted);
        _proxy.Resume();

        Assert.Equal(3, await answer.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_stranded_connection_neither_passes_nor_ends_and_new_ones_work()
    {
        using var stranded = await Connect();
        await stranded.SendAsync(new byte[] { 6 });
        Assert.Equal(6, await Next(stranded).WaitAsync(Soon));
        _proxy.Strand();
        await stranded.SendAsync(new byte[] { 7 });
        var answer = Next(stranded);

        using var fresh = await Connect();
        await fresh.SendAsync(new byte[] { 8 });

        Assert.Equal(8, await Next(fresh).WaitAsync(Soon));
        await Task.Delay(100);
        Assert.False(answer.IsCompleted);
    }

    [Fact]
    public async Task A_cut_resets_connections_until_mended()
    {
        using var client = await Connect();
        await client.SendAsync(new byte[] { 4 });
        Assert.Equal(4, await Next(client).WaitAsync(Soon));

        _proxy.Cut();
        await Assert.ThrowsAsync<SocketException>(() => Next(client).WaitAsync(Soon));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var refused = await Connect();
            await Next(refused).WaitAsync(Soon);
        });
        _proxy.Mend();

        using var again = await Connect();
        await again.SendAsync(new byte[] { 5 });
        Assert.Equal(5, await Next(again).WaitAsync(Soon));
    }

    [Fact]
    public async Task An_end_of_stream_passes_on()
    {
        using var client = await Connect();
        await client.SendAsync(new byte[] { 6 });
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(6, await Next(client).WaitAsync(Soon));
        Assert.Null(await Next(client).WaitAsync(Soon));
    }

    private async Task<Socket> Connect()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _proxy.Port));
        return client;
    }

    private static async Task<int?> Next(Socket client)
    {
        var one = new byte[1];
        return await client.ReceiveAsync(one) == 1 ? one[0] : null;
    }

    private async Task Echo()
    {
        while (true)
        {
            var client = await _echo.AcceptTcpClientAsync();
            _ = Task.Run(async () =>
            {
                using (client)
                {
                    await client.GetStream().CopyToAsync(client.GetStream());
                }
            });
        }
    }
}
