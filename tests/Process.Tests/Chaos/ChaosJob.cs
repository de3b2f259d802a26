namespace ActorHutch.Process.Tests.Chaos;

/// <summary>The job that every round runs, and its bits in one process that nothing happens to.</summary>
public sealed class ChaosJob : IAsyncLifetime
{
    /// <summary>How many chunks it has: enough for something to happen between two of them.</summary>
    public const int Chunks = 100;

    /// <summary>Its command line: 50 ranges of probes, and a shard of 200 samples and one of 56.</summary>
    internal static readonly string[] Arguments =
        ["estimate", "--method", "autodiff", "--probes", "500", "--v-batch", "10", "--shard", "200", "--json"];

    public string Bits { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await using var run = ProgramRun.Start("actorhutch", null, [.. Arguments, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await run.ExitAsync());
        Bits = JobReport.Of(run).Bits;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
