using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Reverse sweeps from the model's prediction: the GGN's trace block by block, and the Hessian's of piecewise linear models.</summary>
public sealed class PredictionSpaceTests
{
    /// <summary>Both sides add the same terms in another order, and some are squares: a hundred thousand roundings of the largest.</summary>
    private const double Tolerance = 1e-10;

    private const int Probes = 1000;

    private static readonly CurvatureOptions Ggn = new() { Matrix = CurvatureMatrix.Ggn, ProbeSpace = ProbeSpace.Prediction };

    private static readonly CurvatureOptions Basis = Ggn with { Distribution = ProbeDistribution.Basis };

    public static TheoryData<string> Models => [.. ModelCases.WithAutodiff];

    public static TheoryData<string> Losses => [.. LossCase.All.Keys];

    public static TheoryData<string> Bent => new() { "tanh", "softplus", "layer norm", "hardswish" };

    [Theory, MemberData(nameof(Models))]
    public void Basis_vectors_give_the_trace_of_the_dense_GGN_block_by_block(string model)
    {
        foreach (string loss in LossCase.Kinds)
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All[loss]);

            AssertExact(problem.Risk, CurvatureMatrix.Ggn);
        }
    }

    [Theory, MemberData(nameof(Losses))]
    public void Every_loss_has_a_root(string loss)
    {
        // Classes in one dimension, and positions in two: what [N, C, T] and [N, T, C] need.
        foreach (string model in (string[])["one-dimensional convolutions", "convolution alone"])
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All[loss]);

            AssertExact(problem.Risk, CurvatureMatrix.Ggn);
        }
    }

    [Fact]
    public void Piecewise_linear_models_have_the_Hessian_s_trace()
    {
        int served = 0;
        foreach (string model in ModelCases.WithAutodiff)
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
            try
            {
                using var form = QuadraticForms.Create(problem.Risk, Basis with { Matrix = CurvatureMatrix.Hessian });
            }
            catch (NoLayerRuleException error)
            {
                Assert.Contains("prediction space does not serve the Hessian", error.Message, StringComparison.Ordinal);
                continue;
            }

            AssertExact(problem.Risk, CurvatureMatrix.Hessian);
            served++;
        }

        // Most of the table has a tanh.
        Assert.InRange(served, 10, 30);
    }

    [Theory, MemberData(nameof(Bent))]
    public void What_bends_the_model_is_named(string model)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["squared error, sum"]);

        string message = Assert.Throws<NoLayerRuleException>(
            () => QuadraticForms.Create(problem.Risk, Ggn with { Matrix = CurvatureMatrix.Hessian })).Message;

        Assert.Matches(@"Layer \d \(\w+\) is not linear along each parameter", message);
    }

    [Fact]
    public void A_weight_that_is_used_twice_bends_the_model()
    {
        using var scope = NewDisposeScope();
        var layer = Linear(3, 3);
        var numbers = new Numbers(3);
        using var problem = new Problem(
            Problem.Prepared(Sequential(layer, ReLU(), layer), numbers), new MeanSquaredError(), numbers.Normal(4, 3), numbers.Normal(4, 3));

        Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(problem.Risk, Ggn with { Matrix = CurvatureMatrix.Hessian }));
        AssertExact(problem.Risk, CurvatureMatrix.Ggn);
    }

    [Fact]
    public void Both_structures_add_up_to_the_same()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, sum"]);
        using var blocks = QuadraticForms.Create(problem.Risk, Ggn);
        using var full = QuadraticForms.Create(problem.Risk, Ggn with { Structure = BlockStructure.Full });

        var (apart, together) = (blocks.Evaluate(3, 7), full.Evaluate(3, 7));

        Assert.Equal(1, together.Columns);
        Assert.Empty(full.Blocks);
        Near.Relative([.. Enumerable.Range(0, 7).Select(apart.Total)], together.Values, 1e-14);
    }

    /// <summary>
    /// Two hundred models, losses and distributions of a few blocks each: one false alarm among all of them in two thousand seeds at
    /// five standard errors.
    /// </summary>
    [Theory, MemberData(nameof(Models))]
    public void The_mean_of_each_block_is_its_trace(string model)
    {
        foreach (var distribution in (ProbeDistribution[])[ProbeDistribution.Rademacher, ProbeDistribution.Gaussian])
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy with all options, mean"]);
            double[] traces = Dense.BlockSums(problem.Risk, Dense.ToArray(Dense.Matrix(problem.Risk, CurvatureMatrix.Ggn).diagonal()));
            using var form = QuadraticForms.Create(problem.Risk, Ggn with { Distribution = distribution, Seed = 5 });

            var estimate = HutchinsonEstimator.Estimate(form, Probes);

            // Where a block's probes all have one value, rounding is the only difference.
            double rounding = 1e-10 * traces.Sum();
            foreach (var (expected, block) in traces.Zip(estimate.Blocks)) Near.Absolute(expected, block.Trace, 5 * block.StandardError + rounding);
            Near.Absolute(traces.Sum(), estimate.Trace, 5 * estimate.StandardError + rounding);
        }
    }

    [Fact]
    public void Samples_have_independent_probes_of_their_own_numbers()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, sum"]);
        var (inputs, targets) = (problem.Risk.Inputs, problem.Risk.Targets);
        using var all = QuadraticForms.Create(problem.Risk, Ggn);
        double[] sums = new double[4];
        for (int n = 0; n < problem.Risk.SampleCount; n++)
        {
            using var one = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(inputs, targets), 1);
            using var form = QuadraticForms.Create(one, Ggn);
            var values = form.Evaluate(one.Shards.Of(2, 4, n), keeps: false);
            for (int p = 0; p < sums.Length; p++) sums[p] += values.Total(p);
        }

        var together = all.Evaluate(2, 4);

        Near.Relative(sums, [.. Enumerable.Range(0, 4).Select(together.Total)], 1e-12);
        Assert.Equal(4, sums.Distinct().Count());
    }

    [Fact]
    public void The_GGN_of_the_example_takes_ten_vectors_and_the_Hessian_thirty()
    {
        using var example = MnistExample.Create(ScalarType.Float64, CPU);
        using var ggn = QuadraticForms.Create(example.Risk, new CurvatureOptions { Matrix = CurvatureMatrix.Ggn, ProbeSpace = null, Distribution = ProbeDistribution.Basis });
        using var hessian = QuadraticForms.Create(example.Risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });

        Assert.Equal((ProbeSpace.Prediction, 10, ProbeSpace.Output, 30), (ggn.ProbeSpace, ggn.BasisCount, hessian.ProbeSpace, hessian.BasisCount));
        var values = ggn.Evaluate(0, 10);
        // BackPACK's.
        Near.Relative(16.270646433411383, Enumerable.Range(0, 10).Sum(values.Total), 1e-9);
    }

    /// <summary>A wide output at many positions, whose last layer sees little: fewer vectors where that layer is drawn.</summary>
    [Fact]
    public void Exact_takes_the_space_with_the_fewest_vectors()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(2);
        using var problem = new Problem(
            Problem.Prepared(Conv2d(1, 3, 1), numbers), new MeanSquaredError(), numbers.Normal(2, 1, 4, 4), numbers.Normal(2, 3, 4, 4));
        using var exact = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });
        using var prediction = QuadraticForms.Create(problem.Risk, Basis with { Matrix = CurvatureMatrix.Hessian });

        Assert.Equal((ProbeSpace.Output, 6, 48), (exact.ProbeSpace, exact.BasisCount, prediction.BasisCount));
    }

    /// <summary>A class that counts less than nothing makes the loss concave, and no other space minds.</summary>
    [Fact]
    public void A_loss_that_is_concave_somewhere_has_no_root()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(2);
        using var problem = new Problem(
            Problem.Prepared(Linear(2, 3), numbers), new CrossEntropy(ActorHutch.Curvature.Losses.Reduction.Sum, [1, 2, -1]), numbers.Normal(9, 2),
            tensor(new long[] { 0, 1, 0, 1, 0, 1, 0, 1, 2 }));
        string message = Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(problem.Risk, Ggn)).Message;
        double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, CurvatureMatrix.Ggn).diagonal());

        Assert.Contains("negative second derivative", message, StringComparison.Ordinal);
        Near.Relative(diagonal.Sum(), ExactTrace.Of(problem.Risk, CurvatureMatrix.Ggn).Trace, 1e-12);
    }

    private static void AssertExact(EmpiricalRisk risk, CurvatureMatrix matrix)
    {
        double[] expected = Dense.BlockSums(risk, Dense.ToArray(Dense.Matrix(risk, matrix).diagonal()));
        using var form = QuadraticForms.Create(risk, Basis with { Matrix = matrix });

        var values = form.Evaluate(0, (int)form.BasisCount);

        Near.Relative(expected, [.. expected.Select((_, b) => Enumerable.Range(0, values.Count).Sum(p => values[p][b]))], Tolerance);
    }
}
