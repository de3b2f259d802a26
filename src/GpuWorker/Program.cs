using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;

return ProgramEntry.Run(RunAsync);

// The first signal makes the worker leave.
Task<int> RunAsync(StopSignal stop) => new WorkerCommand(new TorchReplicaFactory(), Console.Out, Console.Error)
{
    Colors = LogSettings.HasColors(Console.IsErrorRedirected),
}.RunAsync(args, stop.Token);
