using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;

// The first signal makes the worker leave.
using var stop = new StopSignal();
return await new WorkerCommand(new TorchReplicaFactory(), Console.Out, Console.Error)
{
    Colors = LogSettings.HasColors(Console.IsErrorRedirected),
}.RunAsync(args, stop.Token);
