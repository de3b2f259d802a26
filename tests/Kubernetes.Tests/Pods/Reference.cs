using System.Text.Json.Nodes;
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

    /// <summary>A job file that is in a pod, on this machine: its report is left out, which goes to the pod's volume.</summary>
    internal static string WithoutReport(string job)
    {
        var fields = JsonNode.Parse(job)!.AsObject();
        fields.Remove("out");
        return fields.ToJsonString();
    }

    /// <summary>What a coordinator's volume holds, as the report that the program makes of it without computing.</summary>
    internal static async Task<string> BitsOfAsync(string state)
    {
        string job = File.ReadAllText(Path.Combine(state, "job.json"));
        return await RunAsync(job, "--state", state, "--cluster", "false");
    }

    private static Task<string> ComputeAsync() => RunAsync(Overlay.RenderOrSkip("cpu").The<V1ConfigMap>().Data["job.json"]);

    private static async Task<string> RunAsync(string text, params string[] more)
    {
        string job = Path.GetTempFileName();
        try
        {
            File.WriteAllText(job, WithoutReport(text));
            await using var run = ProgramRun.Start("actorhutch", null, ["--job", job, "--device", "cpu", "--json", .. more]);
            Assert.Equal(0, await run.ExitAsync());
            return JobReport.Of(run).Bits;
        }
        finally
        {
            File.Delete(job);
        }
    }
}
