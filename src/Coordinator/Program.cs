using ActorHutch.Coordinator.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;

// The first signal ends the job with what it has.
using var stop = new StopSignal();
return await new ActorHutchCommand(Terminal.OfProcess(), new TorchReplicaFactory()).RunAsync(args, stop.Token);
