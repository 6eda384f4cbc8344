using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Laurel.Tests.Harness;

/// <summary>A network between two programs that can be slow, hang or break: a TCP proxy on a free loopback port.</summary>
internal sealed class NetworkProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, byte> _sockets = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly IPEndPoint _target;
    private readonly CommitCuts? _cuts;
    private readonly Task _accepting;
    private TaskCompletionSource _flow = NewFlow();
    private TaskCompletionSource _held = NewFlow();
    private long _latencyTicks;
    private volatile bool _cut;

    // Connections older than this are stranded.
    private long _strandedBefore;

    private NetworkProxy(IPEndPoint target, CommitCuts? cuts)
    {
        (_target, _cuts) = (target, cuts);
        _flow.SetResult();
        _listener.Start();
        _accepting = Accept();
    }

    private static TaskCompletionSource NewFlow() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What every byte takes longer, each way.</summary>
    public TimeSpan Latency
    {
        get => new(Interlocked.Read(ref _latencyTicks));
        set => Interlocked.Exchange(ref _latencyTicks, value.Ticks);
    }

    /// <param name="port">Of the loopback address, where connections lead to.</param>
    /// <param name="cuts">What ends them amid PostgreSQL's protocol.</param>
    public static NetworkProxy To(int port, CommitCuts? cuts = null) => new(new(IPAddress.Loopback, port), cuts);

    /// <summary>Connections stay, and nothing passes: the other side seems frozen. Bytes wait for <see cref="Resume"/>.</summary>
    public void Pause()
    {
        if (Volatile.Read(ref _flow).Task.IsCompleted)
        {
            Volatile.Write(ref _flow, NewFlow());
        }
    }

    /// <summary>Also lets go of what <see cref="CommitCuts.Fate.Hold"/> has held.</summary>
    public void Resume()
    {
        Interlocked.Exchange(ref _held, NewFlow()).TrySetResult();
        Volatile.Read(ref _flow).TrySetResult();
    }

    /// <summary>Connections that are there stay half-open for good: from now on their bytes neither pass nor end. New ones work.</summary>
    public void Strand() => Interlocked.Exchange(ref _strandedBefore, Stopwatch.GetTimestamp());

    /// <summary>Resets every connection, bytes on their way are lost, and new ones are reset until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _cut = true;
        foreach (var socket in _sockets.Keys)
        {
            Reset(socket);
        }
    }

    public void Mend() => _cut = false;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptSocketAsync(_stopping.Token);
                _ = Serve(near);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task Serve(Socket near)
    {
        var far = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        _sockets[near] = _sockets[far] = 0;
        try
        {
            if (!_cut)
            {
                await far.ConnectAsync(_target, _stopping.Token);
                var wire = _cuts?.NewConnection();
                var since = Stopwatch.GetTimestamp();
                await Task.WhenAll(
                    Pump(near, far, since, bytes => new(wire?.ToServer(bytes.Span) ?? CommitCuts.Fate.Pass)),
                    Pump(far, near, since, bytes => wire?.ToClient(bytes) ?? new(CommitCuts.Fate.Pass)));
                near.Close();
                far.Close();
            }
        }
        catch (Exception broken) when (broken is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Either side went away; the other learns of it below.
        }
        finally
        {
            _sockets.TryRemove(near, out _);
            _sockets.TryRemove(far, out _);
            Reset(near);
            Reset(far);
        }
    }

    private async Task Pump(Socket from, Socket to, long since, Func<ReadOnlyMemory<byte>, ValueTask<CommitCuts.Fate>> decide)
    {
        var onTheWay = Channel.CreateBounded<(long SentAt, byte[] Bytes)>(256);
        await Task.WhenAll(Read(from, onTheWay.Writer), Write(onTheWay.Reader, from, to, since, decide));
    }

    private async Task Read(Socket from, ChannelWriter<(long, byte[])> onTheWay)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer, _stopping.Token)) > 0)
            {
                await onTheWay.WriteAsync((Stopwatch.GetTimestamp(), buffer[..read]), _stopping.Token);
            }

            onTheWay.Complete();
        }
        catch (Exception broken)
        {
            onTheWay.Complete(broken);
        }
    }

    private async Task Write(
        ChannelReader<(long SentAt, byte[] Bytes)> onTheWay, Socket from, Socket to, long since, Func<ReadOnlyMemory<byte>, ValueTask<CommitCuts.Fate>> decide)
    {
        try
        {
            await foreach (var (sentAt, bytes) in onTheWay.ReadAllAsync(_stopping.Token))
            {
                var wait = Latency - Stopwatch.GetElapsedTime(sentAt);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _stopping.Token);
                }

                await Flow(since);
                var held = Volatile.Read(ref _held).Task;
                var fate = await decide(bytes);
                if (fate == CommitCuts.Fate.Hold)
                {
                    await held.WaitAsync(_stopping.Token);
                }

                if (fate != CommitCuts.Fate.Drop)
                {
                    await to.SendAsync(bytes, _stopping.Token);
                }

                if (fate is CommitCuts.Fate.Drop or CommitCuts.Fate.PassAndEnd)
                {
                    throw new SocketException((int)SocketError.ConnectionReset);
                }
            }

            await Flow(since);
            to.Shutdown(SocketShutdown.Send);
        }
        catch
        {
            await Stranded(since);
            // Ends the other direction too.
            Reset(from);
            Reset(to);
            throw;
        }
    }

    private async Task Flow(long since)
    {
        await Volatile.Read(ref _flow).Task.WaitAsync(_stopping.Token);
        await Stranded(since);
    }

    private Task Stranded(long since) =>
        since < Interlocked.Read(ref _strandedBefore) ? Task.Delay(Timeout.Infinite, _stopping.Token) : Task.CompletedTask;

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new(enable: true, seconds: 0);
        }
        catch (Exception closed) when (closed is ObjectDisposedException or SocketException)
        {
            return;
        }

        socket.Close();
    }
}
