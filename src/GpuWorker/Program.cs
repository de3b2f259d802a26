using System.Runtime.InteropServices;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;

using var leave = new CancellationTokenSource();

// The first signal makes the worker leave; a second one ends the process.
void OnSignal(PosixSignalContext signal)
{
    if (leave.IsCancellationRequested) return;
    signal.Cancel = true;
    leave.Cancel();
}

using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
return await new WorkerCommand(new TorchReplicaFactory(), Console.Out, Console.Error).RunAsync(args, leave.Token);
