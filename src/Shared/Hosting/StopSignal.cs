using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM as a token: the first signal asks the program to come to an end, a second one ends the process.
/// </summary>
/// <remarks>
/// Who sends one often sends it twice, to the process and to its group, as timeout(1) does: what follows within a second
/// is the same one.
/// </remarks>
public sealed class StopSignal : IDisposable
{
    private static readonly TimeSpan Once = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private long _first;

    /// <summary>Listens from now on.</summary>
    public StopSignal() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
    ];

    /// <summary>What there is to do before a second signal ends the process; null (the default) for nothing.</summary>
    public Action? BeforeEnd { get; set; }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        long first = Interlocked.CompareExchange(ref _first, Stopwatch.GetTimestamp(), 0);
        signal.Cancel = first == 0 || Stopwatch.GetElapsedTime(first) < Once;
        if (first == 0) _stop.Cancel();
        else if (!signal.Cancel) BeforeEnd?.Invoke();
    }
}
