using System.Runtime.InteropServices;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM as a token: the first signal asks the program to come to an end, a second one ends the process.
/// </summary>
public sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    private readonly Action? _beforeEnd;

    /// <summary>Listens from now on.</summary>
    /// <param name="beforeEnd">What there is to do before a second signal ends the process; null for nothing.</param>
    public StopSignal(Action? beforeEnd = null)
    {
        _beforeEnd = beforeEnd;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

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
            _beforeEnd?.Invoke();
            return;
        }

        signal.Cancel = true;
        _stop.Cancel();
    }
}
