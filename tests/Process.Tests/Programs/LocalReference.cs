using ActorHutch.Process.Tests.Programs;

[assembly: AssemblyFixture(typeof(LocalReference))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace ActorHutch.Process.Tests.Programs;

/// <summary>The job in one process with one worker: what every cluster must compute.</summary>
public sealed class LocalReference : IAsyncLifetime
{
    public string Bits { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await using var run = ProgramRun.Start("actorhutch", null, [.. TestCluster.Job, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await run.ExitAsync());
        Bits = JobReport.Of(run).Bits;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
