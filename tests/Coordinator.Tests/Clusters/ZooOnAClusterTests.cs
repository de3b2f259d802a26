using System.Text.Json;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Zoo;

namespace ActorHutch.Coordinator.Tests.Clusters;

/// <summary>
/// Each model of the zoo on a cluster: the bits are those of one worker in one process. The numbers themselves are compared
/// with PyTorch's by Curvature's tests.
/// </summary>
public sealed class ZooOnAClusterTests(ZooCluster cluster) : IClassFixture<ZooCluster>
{
    private const int Chunks = 2;

    public static TheoryData<string> Names { get; } = [.. ZooFiles.Names];

    /// <summary>Where a model has more parameters, so many of them at most are blocks: each block is a pass of its own through the model.</summary>
    private const int MostBlocks = 8;

    [Theory, MemberData(nameof(Names))]
    public async Task Two_workers_give_the_bits_of_one(string model)
    {
        string folder = cluster.Files.Of(model);
        string[] parameters = JsonSerializer.Deserialize<string[]>(
            await File.ReadAllBytesAsync(Path.Combine(folder, "parameters.json"), TestContext.Current.CancellationToken))!;
        int step = (parameters.Length + MostBlocks - 1) / MostBlocks;
        string[] blocks = [.. parameters.Where((_, i) => i % step == 0)];
        string[] job =
        [
            "estimate", "--model", Path.Combine(folder, "model.json"), "--weights", Path.Combine(folder, "weights.safetensors"),
            "--data", Path.Combine(folder, "data.safetensors"), "--probe-space", "parameter", "--probes", "2", "--v-batch", "1", "--json",
        ];

        await CompareAsync([.. job, "--structure", "full"], blocks: 0, verified: Chunks + 1);
        await CompareAsync(
            [.. job, "--structure", "block", "--parameters", string.Join(',', blocks), "--rounding-probes", "0"], blocks.Length, Chunks);
    }

    private async Task CompareAsync(string[] job, int blocks, int verified)
    {
        var alone = await Invocation.Of(new TorchReplicaFactory(), [.. job, "--workers", "1", "--device", "cpu"]);
        Assert.True(alone.Code == 0, alone.Error);
        var together = await cluster.RunAsync(job);
        Assert.True(together.Code == 0, together.Error);

        Assert.Equal(blocks, together.Json.GetProperty("blocks").GetArrayLength());
        Assert.Equal(Bits(alone.Json), Bits(together.Json));
        // Each worker computed all of it: the chunks, and the one that is computed in both precisions, where there is one.
        Assert.Equal(["a", "b"], together.Json.GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("id").GetString()!).Order());
        Assert.Equal((Chunks, verified, 0), (Count("completed"), Count("verified"), Count("disagreements")));

        int Count(string name) => together.Json.GetProperty("chunks").GetProperty(name).GetInt32();
    }

    /// <summary>As they are written: numbers that read back to the same bits.</summary>
    private static string Bits(JsonElement report) => string.Join('\n',
        ((string[])["trace", "standardError", "confidence", "exactTrace", "probes", "blocks"])
        .Select(name => $"{name}: {report.GetProperty(name).GetRawText()}"));
}
