using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>The example's numbers as PyTorch and BackPACK have them.</summary>
public sealed class MnistExampleTests
{
    private static readonly float[] FirstWeights =
        [-0.00026738644f, 0.01915870048f, -0.02939447016f, -0.02628353797f, -0.01375551336f];
    private static readonly float[] SecondWeights =
        [-0.01024448965f, 0.00730992993f, 0.14115332067f, -0.11241301894f, -0.20035974681f];

    [Fact]
    public void Weights_are_the_bits_that_PyTorch_draws_under_seed_0()
    {
        using var scope = NewDisposeScope();
        using var example = MnistExample.Create(ScalarType.Float32, CPU);
        var weights = example.Risk.Blocks;

        Assert.Equal(["1.weight", "3.weight"], weights.Select(block => block.Name));
        Assert.Equal([20, 784], weights[0].Shape);
        Assert.Equal([10, 20], weights[1].Shape);
        Assert.Equal(FirstWeights, weights[0].Parameter.data<float>().Take(5));
        Assert.Equal(SecondWeights, weights[1].Parameter.data<float>().Take(5));
    }

    [Fact]
    public void The_batch_is_the_one_that_the_shuffled_loader_draws()
    {
        using var scope = NewDisposeScope();
        using var example = MnistExample.Create(ScalarType.Float32, CPU);

        Assert.Equal([256, 1, 28, 28], example.Risk.Inputs[0].shape);
        Assert.Equal([7, 3, 4, 4, 3, 5, 5, 4, 1, 3], example.Risk.Targets.data<long>().Take(10));

        // A black pixel, (0 − 0.1307) / 0.3081 in single precision.
        Assert.Equal((0f - 0.1307f) / 0.3081f, example.Risk.Inputs[0].min().item<float>());
    }

    [Fact]
    public void Loss_is_the_one_of_float64_arithmetic()
    {
        using var example = MnistExample.Create(ScalarType.Float64, CPU);

        Near.Relative(2.362620846947502, example.Risk.Value(), 1e-12);
    }

    [Fact]
    public void Every_call_gives_the_same_problem_whatever_else_draws_random_numbers()
    {
        using var scope = NewDisposeScope();
        bool done = false;
        var noise = new Thread(() =>
        {
            while (!Volatile.Read(ref done)) rand(100).Dispose();
        });
        noise.Start();
        string[] weights = [.. Enumerable.Range(0, 20).Select(_ =>
        {
            using var example = MnistExample.Create(ScalarType.Float32, CPU);
            return example.Sha256;
        })];
        Volatile.Write(ref done, true);
        noise.Join();

        Assert.Single(weights.Distinct());
    }
}
