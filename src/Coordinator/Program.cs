using ActorHutch.Coordinator.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;

var terminal = Terminal.OfProcess();
// The first signal ends the job with what it has, the second one the process.
using var stop = new StopSignal(terminal.Restore);
return await new ActorHutchCommand(terminal, new TorchReplicaFactory()).RunAsync(args, stop.Token);
