using ActorHutch.Kubernetes.Tests.Manifests;
using ActorHutch.Kubernetes.Tests.Pods;
using k8s.Models;

[assembly: AssemblyFixture(typeof(Reference))]
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>The <c>cpu</c> overlay's job in one process: what its pods must compute.</summary>
public sealed class Reference
{
    private readonly Lazy<Task<string>> _bits = new(ComputeAsync);

    /// <summary>Everything that must be the same to the last bit.</summary>
    internal Task<string> BitsAsync() => _bits.Value;

    /// <summary>What a coordinator's volume holds, as the report that the program makes of it without computing.</summary>
    internal static async Task<string> BitsOfAsync(string state)
    {
        await using var run = ProgramRun.Start(
            "actorhutch", null, "--job", Path.Combine(state, "job.json"), "--state", state, "--cluster", "false",
            "--device", "cpu", "--json");
        Assert.Equal(0, await run.ExitAsync());
        return JobReport.Of(run).Bits;
    }

    private static async Task<string> ComputeAsync()
    {
        string job = Path.GetTempFileName();
        try
        {
            File.WriteAllText(job, Overlay.RenderOrSkip("cpu").The<V1ConfigMap>().Data["job.json"]);
            await using var run = ProgramRun.Start("actorhutch", null, "--job", job, "--device", "cpu", "--json");
            Assert.Equal(0, await run.ExitAsync());
            return JobReport.Of(run).Bits;
        }
        finally
        {
            File.Delete(job);
        }
    }
}
