using System.Diagnostics;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Nothing native outlives its stack, or its form. The garbage collector sees none of it, so what is not disposed
/// stays.
/// </summary>
[Collection(nameof(WholeProcess))]
public sealed class MemoryTests
{
    private const int WarmUp = 200;
    private const int Chunks = 2000;

    /// <summary>
    /// One stack's probes alone take 170 KB, so keeping any large tensor of a chunk adds up to hundreds of MB; the
    /// allocator's own ups and downs stay far below this.
    /// </summary>
    private const long AllowedGrowth = 48L << 20;

    [Theory]
    [InlineData(CurvatureMethod.Autodiff, ProbeSpace.Parameter, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Autodiff, ProbeSpace.Parameter, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Hmp, ProbeSpace.Parameter, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Hmp, ProbeSpace.Parameter, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Parameter, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Parameter, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Output, BlockStructure.Block)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Output, BlockStructure.Full)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Prediction, BlockStructure.Block)]
    public void Thousands_of_chunks_take_no_more_memory_than_a_few(
        CurvatureMethod method, ProbeSpace space, BlockStructure structure)
    {
        using var problem = Medium();
        using var form = QuadraticForms.Create(
            problem.Risk, new CurvatureOptions { Matrix = MicroBatchTests.Matrix(space), Method = method, ProbeSpace = space, Structure = structure });

        StaysFlat(chunk => form.Evaluate(chunk * 4, 4), Chunks);
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff, ProbeSpace.Parameter)]
    [InlineData(CurvatureMethod.Hmp, ProbeSpace.Parameter)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Parameter)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Output)]
    [InlineData(CurvatureMethod.Quadratic, ProbeSpace.Prediction)]
    public void A_disposed_form_leaves_nothing(CurvatureMethod method, ProbeSpace space)
    {
        using var problem = Medium();
        var options = new CurvatureOptions { Matrix = MicroBatchTests.Matrix(space), Method = method, ProbeSpace = space };

        StaysFlat(
            _ =>
            {
                using var form = QuadraticForms.Create(problem.Risk, options);
                form.Evaluate(0, 2);
            },
            Chunks / 4);
    }

    [Fact]
    public void An_exact_trace_leaves_nothing()
    {
        using var problem = Medium();

        StaysFlat(_ => ExactTrace.Of(problem.Risk), Chunks / 4);
    }

    [Fact]
    public void A_failure_leaves_nothing()
    {
        using var problem = Medium();
        using var scope = NewDisposeScope();
        using (no_grad()) problem.Risk.Blocks[0].Parameter.fill_(float.NaN);

        StaysFlat(
            _ =>
            {
                foreach (var method in Enum.GetValues<CurvatureMethod>())
                {
                    using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { Method = method });
                    Assert.Throws<CurvatureException>(() => form.Evaluate(0, 2));
                }
            },
            Chunks / 4);
    }

    /// <summary>A parameter of two layers is found out when all else is there.</summary>
    [Fact]
    public void A_form_that_cannot_be_made_leaves_nothing()
    {
        using var problem = WithoutRule();

        StaysFlat(
            _ => Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(
                problem.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output })),
            Chunks / 4);
    }

    /// <summary>A layer without a rule is found out before the first samples, and a loss without a root behind them.</summary>
    [Fact]
    public void A_reverse_sweep_that_cannot_be_made_leaves_nothing()
    {
        using var problem = WithoutRule();
        using var concave = new Problem(
            nn.Linear(4, 3), new CrossEntropy(Reduction.Sum, [1, -2, 1]), ones(2, 4), zeros(2, ScalarType.Int64).FillWithOnes());
        var options = new CurvatureOptions { ProbeSpace = ProbeSpace.Prediction };

        StaysFlat(
            _ =>
            {
                Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(problem.Risk, options));
                Assert.Contains(
                    "negative second derivative", Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(concave.Risk, options)).Message, StringComparison.Ordinal);
            },
            Chunks / 4);
    }

    private static Problem WithoutRule() => new(
        nn.Sequential(nn.Linear(4, 3), new Cubed(), nn.Linear(3, 3)), new CrossEntropy(Reduction.Sum), ones(2, 4), zeros(2, ScalarType.Int64));

    private sealed class Cubed() : nn.Module<Tensor, Tensor>("cubed")
    {
        public override Tensor forward(Tensor input) => input.pow(3);
    }

    private static void StaysFlat(Action<int> work, int times)
    {
        for (int i = 0; i < WarmUp; i++) work(i);
        long tensors = LiveTensors, bytes = ResidentBytes();

        for (int i = 0; i < times; i++) work(i);

        Assert.Equal(tensors, LiveTensors);
        Assert.InRange(ResidentBytes() - bytes, long.MinValue, AllowedGrowth);
    }

    /// <summary>Created and not disposed by this thread.</summary>
    private static long LiveTensors => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    /// <summary>Ten thousand parameters in single precision.</summary>
    private static Problem Medium()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        var model = Problem.Prepared(
            nn.Sequential(nn.Linear(100, 80), nn.Tanh(), nn.Linear(80, 30), nn.ReLU(), nn.Linear(30, 10)), numbers);
        model.to(ScalarType.Float32);
        return new Problem(
            model, new CrossEntropy(),
            numbers.Normal(16, 100).to(ScalarType.Float32).DetachFromDisposeScope(),
            numbers.Classes(10, 16).DetachFromDisposeScope());
    }
}

/// <summary>Tests that measure the process as a whole run alone.</summary>
[CollectionDefinition(nameof(WholeProcess), DisableParallelization = true)]
public sealed class WholeProcess;
