using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ActorHutch.Process.Tests.Network;

/// <summary>
/// A TCP relay on loopback that delivers everything late, and can cut its connections in the middle of what they carry:
/// half of it is delivered, then both ends are reset.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly int _target;
    private readonly TimeSpan _delay;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _cutsAskedFor;
    private int _cuts;

    /// <summary>Begins to listen.</summary>
    /// <param name="port">Where.</param>
    /// <param name="target">The port on loopback that it relays to.</param>
    /// <param name="delay">How late everything is, each way.</param>
    public Relay(int port, int target, TimeSpan delay)
    {
        (_target, _delay) = (target, delay);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>How many connections were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>The next piece of each connection that there is now arrives half, and nothing after it.</summary>
    public void Cut() => Interlocked.Increment(ref _cutsAskedFor);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // Before the listener stops: one that has just accepted a connection asks it for another.
        await _accepting;
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(Socket near)
    {
        using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (near)
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            near.NoDelay = far.NoDelay = true;
            try
            {
                await far.ConnectAsync(IPAddress.Loopback, _target, over.Token);
                int cutsBefore = Volatile.Read(ref _cutsAskedFor);
                await await Task.WhenAny(
                    PumpAsync(near, far, cutsBefore, over.Token), PumpAsync(far, near, cutsBefore, over.Token));
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // An end was closed, which closes the other.
            }

            await over.CancelAsync();
            // Closed by a reset.
            near.LingerState = far.LingerState = new LingerOption(true, 0);
        }
    }

    /// <summary>Until an end closes, or the connection is cut.</summary>
    private async Task PumpAsync(Socket from, Socket to, int cutsBefore, CancellationToken over)
    {
        var late = Channel.CreateBounded<(DateTime Due, byte[] Piece)>(1024);
        var reading = Task.Run(
            async () =>
            {
                byte[] buffer = new byte[16 * 1024];
                int count;
                while ((count = await from.ReceiveAsync(buffer, over)) > 0)
                    await late.Writer.WriteAsync((DateTime.UtcNow + _delay, buffer[..count]), over);
                late.Writer.Complete();
            },
            over);
        await foreach (var (due, piece) in late.Reader.ReadAllAsync(over))
        {
            var wait = due - DateTime.UtcNow;
            if (wait > TimeSpan.Zero) await Task.Delay(wait, over);
            bool cut = Volatile.Read(ref _cutsAskedFor) > cutsBefore;
            await to.SendAsync(cut ? piece.AsMemory(0, piece.Length / 2) : piece, over);
            if (!cut) continue;
            Interlocked.Increment(ref _cuts);
            return;
        }

        await reading;
    }
}
