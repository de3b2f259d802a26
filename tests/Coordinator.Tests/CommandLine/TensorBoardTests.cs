using System.Buffers.Binary;
using System.Numerics;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using Tensorboard;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--tensorboard</c>: event files, read back as their format has it.</summary>
public sealed class TensorBoardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_jobs_estimate_is_there_by_probes_and_its_blocks_at_the_end()
    {
        var run = await Invocation.Of("--json", "--probes", "60", "--v-batch", "10", "--tensorboard", _folder.Path);

        Assert.Equal(0, run.Code);
        var scalars = Scalars();
        long[] steps = [.. scalars.Where(scalar => scalar.Tag == "actorhutch/trace").Select(scalar => scalar.Step)];
        Assert.Equal([10L, 20, 30, 40, 50, 60], steps);
        Assert.Equal((float)run.Json.GetProperty("trace").GetDouble(), Last("actorhutch/trace"));
        Assert.Equal((float)run.Json.GetProperty("standardError").GetDouble(), Last("actorhutch/standard_error"));
        foreach (var block in run.Json.GetProperty("blocks").EnumerateArray())
            Assert.Equal((float)block.GetProperty("trace").GetDouble(), Last($"actorhutch/blocks/{block.GetProperty("name").GetString()}"));

        float Last(string tag) => scalars.Last(scalar => scalar.Tag == tag && scalar.Step == 60).Value;
    }

    [Fact]
    public async Task An_exact_trace_is_one_point()
    {
        var run = await Invocation.Of("exact", "--json", "--tensorboard", _folder.Path);

        Assert.Equal(0, run.Code);
        Assert.Equal((float)run.Json.GetProperty("trace").GetDouble(), Assert.Single(Scalars(), scalar => scalar.Tag == "actorhutch/trace").Value);
    }

    [Fact]
    public async Task A_series_has_its_steps()
    {
        using var files = new ModelFiles();
        foreach (int step in (int[])[5, 300]) File.Copy(files.PathOf("weights.safetensors"), files.PathOf($"step-{step}.safetensors"));

        var run = await Invocation.Of(
            new TorchReplicaFactory(),
            ["--model", files.PathOf("model.json"), "--weights", files.PathOf("step-*.safetensors"), "--data", files.PathOf("data.safetensors"), "--device", "cpu", "--json",
             "--tensorboard", _folder.Path]);

        Assert.Equal(0, run.Code);
        var scalars = Scalars();
        Assert.Equal([5L, 300], scalars.Where(scalar => scalar.Tag == "actorhutch/trace").Select(scalar => scalar.Step));
        Assert.Equal([5L, 300], scalars.Where(scalar => scalar.Tag == "actorhutch/blocks/0.bias").Select(scalar => scalar.Step));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_refused_before_anything_is_computed()
    {
        string file = _folder.File("file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var factory = new FakeReplicaFactory { OnCreate = _ => throw new InvalidOperationException("Made.") };

        var run = await Invocation.Of(factory, ["--tensorboard", file]);

        Assert.Equal(2, run.Code);
        Assert.Contains($"--tensorboard {file}: must be a folder that can be written to", run.Error, StringComparison.Ordinal);
    }

    /// <summary>The scalars of the one event file, whose records have their lengths and sums (TensorFlow's TFRecord).</summary>
    private List<(string Tag, long Step, float Value)> Scalars()
    {
        string path = Assert.Single(Directory.GetFiles(_folder.Path), file => Path.GetFileName(file).StartsWith("events.out.tfevents.", StringComparison.Ordinal));
        var rest = File.ReadAllBytes(path).AsSpan();
        var found = new List<(string, long, float)>();
        while (rest.Length > 0)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(rest));
            Assert.Equal(Sum(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            var data = rest.Slice(12, length);
            Assert.Equal(Sum(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            var happened = Event.Parser.ParseFrom(data.ToArray());
            foreach (var value in happened.Summary?.Value ?? [])
            {
                Assert.InRange(DateTimeOffset.FromUnixTimeSeconds((long)happened.WallTime), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
                found.Add((value.Tag, happened.Step, value.SimpleValue));
            }

            rest = rest[(16 + length)..];
        }

        return found;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = ~0u;
        foreach (byte value in bytes) sum = BitOperations.Crc32C(sum, value);
        return BitOperations.RotateRight(~sum, 15) + 0xa282ead8;
    }
}
