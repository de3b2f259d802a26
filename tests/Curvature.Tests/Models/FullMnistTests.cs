using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Mnist;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>The built-in example's model on all of MNIST's training set, in micro-batches.</summary>
public sealed class FullMnistTests
{
    private const double PixelMean = 0.1307, PixelDeviation = 0.3081;

    /// <summary>
    /// Some 60,000 × 30 terms of 1e-16 each, in two orders, one of them by way of pixels normalised in double precision.
    /// </summary>
    private const double Tolerance = 1e-9;

    [Fact]
    public void The_exact_trace_of_sixty_thousand_samples_is_the_closed_form()
    {
        string images = MnistFiles.TrainImagesOrSkip, labels = MnistFiles.TrainLabelsOrSkip;
        using var scope = NewDisposeScope();
        using var example = MnistExample.Create(ScalarType.Float64, CPU);
        using var data = Dataset.Open(
            new DatasetFiles(images, labels), new DatasetOptions { Mean = PixelMean, Deviation = PixelDeviation });
        Assert.Equal(60_000, data.SampleCount);
        var (first, second) = ClosedForm(example.Risk, data);

        foreach (long size in (long[])[7_000, 9_999])
        {
            var risk = new MicroBatchedRisk(example.Risk.Model, new CrossEntropy(), data, size);
            using var form = QuadraticForms.Create(
                risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output, Distribution = ProbeDistribution.Basis });
            var values = form.Evaluate(0, (int)form.BasisCount);

            Assert.Equal(30, form.BasisCount);
            Near.Relative(first, Enumerable.Range(0, values.Count).Sum(row => values[row][0]), Tolerance);
            Near.Relative(second, Enumerable.Range(0, values.Count).Sum(row => values[row][1]), Tolerance);
        }
    }

    /// <summary>
    /// PyTorch's initial weights under seed 0; the expected values are PyTorch's, to the four digits that are known of them.
    /// </summary>
    [Fact]
    public void The_exact_Hessian_trace_of_a_convolutional_network_takes_ten_passes()
    {
        string images = MnistFiles.TrainImagesOrSkip, labels = MnistFiles.TrainLabelsOrSkip;
        using var scope = NewDisposeScope();
        using var data = Dataset.Open(
            new DatasetFiles(images, labels), new DatasetOptions { Mean = PixelMean, Deviation = PixelDeviation });
        var (inputs, targets) = data.Read(0, 6_000, ScalarType.Float32, CPU);
        using var model = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 10));
        Seed(model);
        using var risk = new ShardedRisk(model, new CrossEntropy(), new TensorSamples(inputs[0].unsqueeze(1), targets));
        using var form = QuadraticForms.Create(risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });

        var values = form.Evaluate(0, (int)form.BasisCount);

        Assert.Equal((ProbeSpace.Prediction, 10), (form.ProbeSpace, form.BasisCount));
        double[] blocks = [.. form.Blocks.Select((_, block) => Enumerable.Range(0, values.Count).Sum(row => values[row][block]))];
        // Half a unit of the last digit, and a hundred roundings of single precision.
        Near.Absolute(0.5584, blocks[0] + blocks[1], 6e-5);
        Near.Absolute(6.5069, blocks[2] + blocks[3], 1e-4);
        Near.Absolute(38.4083, blocks[4] + blocks[5], 5e-4);
        Near.Absolute(45.4737, blocks.Sum(), 5e-4);
    }

    /// <summary>Within ±1/√(inputs of a number), as PyTorch draws a layer's weights and then its bias, from a generator of its own.</summary>
    private static void Seed(nn.Module model)
    {
        using var noGrad = no_grad();
        using var generator = new Generator(0);
        double bound = 0;
        foreach (var parameter in model.parameters())
        {
            if (parameter.dim() > 1) bound = 1 / Math.Sqrt(parameter.shape[1..].Aggregate((a, b) => a * b));
            parameter.uniform_(-bound, bound, generator);
        }
    }

    /// <summary>
    /// For f(x) = W₂ σ(W₁ x) with softmax p and S = diag p − p pᵀ, per sample: the second block's trace is ‖h‖² tr S, and the
    /// first one's ‖x‖² Σ_j [σ'_j² (W₂ᵀ S W₂)_jj + σ''_j (W₂ᵀ (p − y))_j].
    /// </summary>
    private static (double First, double Second) ClosedForm(EmpiricalRisk example, Dataset data)
    {
        var (w1, w2) = ((Tensor)example.Blocks[0].Parameter, (Tensor)example.Blocks[1].Parameter);
        double first = 0, second = 0;
        using var noGrad = no_grad();
        for (long at = 0; at < data.SampleCount; at += 4_000)
        {
            using var scope = NewDisposeScope();
            var (inputs, targets) = data.Read(at, Math.Min(4_000, data.SampleCount - at), ScalarType.Float64, CPU);
            var x = inputs[0].flatten(1);
            var h = x.mm(w1.t()).sigmoid();
            var p = h.mm(w2.t()).softmax(1);
            var residual = (p - nn.functional.one_hot(targets, 10)).mm(w2);
            var slope = h * (1 - h);
            var bend = slope * (1 - 2 * h);
            var curved = p.mm(w2.square()) - p.mm(w2).square();
            first += (x.square().sum(1) * (slope.square() * curved + bend * residual).sum(1)).sum().item<double>();
            second += (h.square().sum(1) * (1 - p.square().sum(1))).sum().item<double>();
        }

        return (first / data.SampleCount, second / data.SampleCount);
    }
}
