using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>Replicas of one process have one copy of equal weights.</summary>
public sealed class SharedWeightsTests
{
    [Fact]
    public void Equal_models_on_one_device_have_one_copy_that_lives_as_long_as_any_of_them()
    {
        var key = Key(1);
        var (one, two) = (Model(), Model());
        using var three = Model();
        var first = SharedWeights.Of(key, one);
        using (SharedWeights.Of(key, two))
        {
            Assert.True(Address(one) == Address(two));
            var values = Values(one);
            first.Dispose();
            one.Dispose();

            Assert.Equal(values, Values(two));
            Assert.All(two.parameters(), parameter => Assert.True(parameter.requires_grad));
            using (SharedWeights.Of(key, three)) Assert.False(Address(two) == Address(three));
        }

        two.Dispose();
    }

    [Fact]
    public void Others_have_their_own()
    {
        using var one = Model();
        using var shared = SharedWeights.Of(Key(2), one);
        ReplicaKey[] others = [Key(3), Key(2) with { Dtype = Dtype.Float64 }, Key(2) with { Device = "cuda:0" }, Key(2) with { HasSingleNumbers = true }];
        foreach (var key in others)
        {
            using var other = Model();
            using var own = SharedWeights.Of(key, other);
            Assert.False(Address(one) == Address(other));
        }

        // Threads are the worker's; the numbers are the same.
        using var same = Model();
        using var those = SharedWeights.Of(Key(2) with { Threads = 4 }, same);
        Assert.True(Address(one) == Address(same));
    }

    private static ReplicaKey Key(byte weights) => new(
        new RiskSource { ModelFile = File(0), Weights = File(weights) }, Dtype.Float32, "cpu", 1);

    private static InputFile File(byte content) => new("file", BlobId.Of([content]), 1);

    private static nn.Module<Tensor, Tensor> Model()
    {
        random.manual_seed(4);
        return nn.Linear(3, 2);
    }

    private static float[] Values(nn.Module model) => [.. model.parameters().SelectMany(parameter => parameter.data<float>().ToArray())];

    private static unsafe nint Address(nn.Module model)
    {
        fixed (byte* first = model.parameters().First().bytes) return (nint)first;
    }
}
