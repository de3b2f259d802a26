using ActorHutch.Coordinator.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Hosting;

return ProgramEntry.Run(RunAsync);

// The first signal ends the job with what it has, the second one the process.
async Task<int> RunAsync(StopSignal stop)
{
    var terminal = Terminal.OfProcess();
    stop.BeforeEnd = terminal.Restore;
    return await new ActorHutchCommand(terminal, new TorchReplicaFactory()).RunAsync(args, stop.Token);
}
