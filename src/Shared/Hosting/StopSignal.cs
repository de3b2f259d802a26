using System.Runtime.InteropServices;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM as a token: the first signal asks the program to come to an end, a second one ends the process.
/// </summary>
public sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

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
        if (_stop.IsCancellationRequested)
        {
            BeforeEnd?.Invoke();
            return;
        }

        signal.Cancel = true;
        _stop.Cancel();
    }
}
