using System.Runtime.InteropServices;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.GpuWorker.Replicas;

using var interrupt = new CancellationTokenSource();

// The first signal ends the job with what it has; a second one ends the process.
void OnSignal(PosixSignalContext signal)
{
    if (interrupt.IsCancellationRequested) return;
    signal.Cancel = true;
    interrupt.Cancel();
}

using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
return await new ActorHutchCommand(Terminal.OfProcess(), new TorchReplicaFactory()).RunAsync(args, interrupt.Token);
