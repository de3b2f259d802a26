using System.Runtime.CompilerServices;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>The README's library example: these lines, on a model of one's own.</summary>
public class ReadmeExampleTests
{
    [Fact]
    public void The_example_runs_and_its_error_bar_covers_the_exact_trace()
    {
        LibTorch.Load();
        using var scope = NewDisposeScope();
        using var random = new Generator(1);
        var model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3));
        foreach (var parameter in model.parameters())
        {
            using var noGrad = no_grad();
            parameter.copy_(randn(parameter.shape, generator: random));
        }

        var inputs = randn([32, 6], generator: random);
        var targets = randint(0, 3, [32], ScalarType.Int64, generator: random);

        // README
        var risk = new EmpiricalRisk(model, new CrossEntropy(), inputs, targets);
        using var hessian = QuadraticForms.Create(risk);
        var estimate = HutchinsonEstimator.Estimate(hessian, probes: 1000);
        // README

        // Four standard errors: for a random seed the false-alarm rate would be 6e-5.
        Assert.InRange(estimate.Trace - ExactTrace.Of(risk).Trace, -4 * estimate.StandardError, 4 * estimate.StandardError);
        Assert.Equal(1000, estimate.Probes);

        // README
        using var shards = new ShardedRisk(model, new CrossEntropy(), new TensorSamples(inputs, targets));
        var largest = EigenvaluesEstimator.Find(shards, new EigenvalueOptions { Count = 3 });
        var diagonal = DiagonalEstimator.Estimate(shards, new CurvatureOptions { Matrix = CurvatureMatrix.Ggn, ProbeSpace = null });
        // README

        Assert.True(largest.Converged);
        Assert.Equal(3, largest.Vectors!.Count);
        Assert.True(diagonal.IsExact);
        Assert.Equal(risk.ParameterCount, diagonal.Diagonal!.Values().Length);
    }

    [Fact]
    public void The_README_shows_the_lines_that_are_run_here()
    {
        string readme = File.ReadAllText(Path.Combine(Folder(), "..", "..", "README.md"));
        string[] blocks = [.. readme.Split("<!-- example -->\n```csharp\n").Skip(1).Select(block => block.Split("```")[0])];

        string[] source = File.ReadAllText(Path.Combine(Folder(), "ReadmeExampleTests.cs")).Split("// README\n");
        string[] run = [.. source.Where((_, i) => i % 2 == 1)];

        Assert.Equal(2, blocks.Length);
        Assert.Equal(blocks.Select(Lines), run.Select(Lines));
    }

    private static string[] Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
