using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Reverse sweeps from the model's prediction: the GGN's trace block by block, and the Hessian's with the model's own curvature by sweeps forward.</summary>
public sealed class PredictionSpaceTests
{
    /// <summary>Both sides add the same terms in another order, and some are squares: a hundred thousand roundings of the largest.</summary>
    private const double Tolerance = 1e-10;

    private const int Probes = 1000;

    private static readonly CurvatureOptions Ggn = new() { Matrix = CurvatureMatrix.Ggn, ProbeSpace = ProbeSpace.Prediction };

    private static readonly CurvatureOptions Basis = Ggn with { Distribution = ProbeDistribution.Basis };

    public static TheoryData<string> Models => [.. ModelCases.WithAutodiff];

    public static TheoryData<string> Losses => [.. LossCase.All.Keys];

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

    [Theory, MemberData(nameof(Models))]
    public void Basis_vectors_give_the_trace_of_the_dense_Hessian_block_by_block(string model)
    {
        foreach (string loss in LossCase.Kinds)
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All[loss]);

            AssertExact(problem.Risk, CurvatureMatrix.Hessian);
        }
    }

    [Fact]
    public void A_weight_that_is_used_twice_bends_the_model()
    {
        using var scope = NewDisposeScope();
        var layer = Linear(3, 3);
        var numbers = new Numbers(3);
        using var problem = new Problem(
            Problem.Prepared(Sequential(layer, ReLU(), layer), numbers), new MeanSquaredError(), numbers.Normal(4, 3), numbers.Normal(4, 3));

        using var ofHessian = QuadraticForms.Create(problem.Risk, Basis with { Matrix = CurvatureMatrix.Hessian });
        // Three predictions, nine weights and three biases.
        Assert.Equal(3 + 9 + 3, ofHessian.BasisCount);
        AssertExact(problem.Risk, CurvatureMatrix.Hessian);
        AssertExact(problem.Risk, CurvatureMatrix.Ggn);
    }

    /// <summary>
    /// R of a last hidden layer mixes no two of its outputs, so that one vector has all of them; of a layer before it takes one each;
    /// and a model that is piecewise linear needs none.
    /// </summary>
    [Fact]
    public void As_many_vectors_as_predictions_and_as_the_models_own_curvature_takes()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(4);
        long Count(params Module<Tensor, Tensor>[] layers)
        {
            using var problem = new Problem(
                Problem.Prepared(Sequential(layers), numbers), new CrossEntropy(), numbers.Normal(6, 5), numbers.Classes(3, 6));
            using var form = QuadraticForms.Create(problem.Risk, Basis with { Matrix = CurvatureMatrix.Hessian });
            return form.BasisCount;
        }

        Assert.Equal(3, Count(Linear(5, 4), ReLU(), Linear(4, 3)));
        Assert.Equal(3 + 1, Count(Linear(5, 4), Tanh(), Linear(4, 3)));
        Assert.Equal(3 + 1, Count(Linear(5, 4), ReLU(), Tanh(), Linear(4, 3)));
        Assert.Equal(3 + 7 + 1, Count(Linear(5, 7), ReLU(), Linear(7, 4), Tanh(), Linear(4, 3)));
        Assert.Equal(3 + 7 + 1, Count(Linear(5, 7), Tanh(), Linear(7, 4), Sigmoid(), Linear(4, 3)));
    }

    /// <summary>Q(e) = ½ Σ_l e_lᵀ ∂Q/∂e_l: what the pass backward tells apart adds up to what the sweep has found.</summary>
    [Theory]
    [InlineData(CurvatureMatrix.Ggn, "residual of convolutions")]
    [InlineData(CurvatureMatrix.Hessian, "residual of convolutions")]
    [InlineData(CurvatureMatrix.Hessian, "layer norm")]
    public void Both_structures_add_up_to_the_same(CurvatureMatrix matrix, string model)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, sum"]);
        var options = Ggn with { Matrix = matrix };
        using var blocks = QuadraticForms.Create(problem.Risk, options);
        using var full = QuadraticForms.Create(problem.Risk, options with { Structure = BlockStructure.Full });

        var (apart, together) = (blocks.Evaluate(3, 7), full.Evaluate(3, 7));

        Assert.Equal(1, together.Columns);
        Assert.Empty(full.Blocks);
        Near.Relative([.. Enumerable.Range(0, 7).Select(apart.Total)], together.Values, 1e-12);
    }

    /// <summary>
    /// Four hundred models, matrices and distributions of a few blocks each: one false alarm among all of them in a thousand seeds at
    /// five standard errors.
    /// </summary>
    [Theory, MemberData(nameof(Models))]
    public void The_mean_of_each_block_is_its_trace(string model)
    {
        foreach (var (matrix, distribution) in new[]
        {
            (CurvatureMatrix.Ggn, ProbeDistribution.Rademacher), (CurvatureMatrix.Ggn, ProbeDistribution.Gaussian),
            (CurvatureMatrix.Hessian, ProbeDistribution.Rademacher), (CurvatureMatrix.Hessian, ProbeDistribution.Gaussian),
        })
        {
            using var scope = NewDisposeScope();
            using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy with all options, mean"]);
            double[] traces = Dense.BlockSums(problem.Risk, Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal()));
            using var form = QuadraticForms.Create(problem.Risk, Ggn with { Matrix = matrix, Distribution = distribution, Seed = 5 });

            var estimate = HutchinsonEstimator.Estimate(form, Probes);

            // Where a block's probes all have one value, rounding is the only difference.
            double rounding = 1e-10 * traces.Sum(Math.Abs);
            foreach (var (expected, block) in traces.Zip(estimate.Blocks)) Near.Absolute(expected, block.Trace, 5 * block.StandardError + rounding);
            Near.Absolute(traces.Sum(), estimate.Trace, 5 * estimate.StandardError + rounding);
        }
    }

    [Theory]
    [InlineData(CurvatureMatrix.Ggn)]
    [InlineData(CurvatureMatrix.Hessian)]
    public void Samples_have_independent_probes_of_their_own_numbers(CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, sum"]);
        var (inputs, targets) = (problem.Risk.Inputs, problem.Risk.Targets);
        var options = Ggn with { Matrix = matrix };
        using var all = QuadraticForms.Create(problem.Risk, options);
        double[] sums = new double[4];
        for (int n = 0; n < problem.Risk.SampleCount; n++)
        {
            using var one = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(inputs, targets), 1);
            using var form = QuadraticForms.Create(one, options);
            var values = form.Evaluate(one.Shards.Of(2, 4, n), keeps: false);
            for (int p = 0; p < sums.Length; p++) sums[p] += values.Total(p);
        }

        var together = all.Evaluate(2, 4);

        Near.Relative(sums, [.. Enumerable.Range(0, 4).Select(together.Total)], 1e-12);
        Assert.Equal(4, sums.Distinct().Count());
    }

    /// <summary>A layer so wide that each sample goes back for itself, in a model that bends.</summary>
    [Theory]
    [InlineData(CurvatureMatrix.Ggn, BlockStructure.Block)]
    [InlineData(CurvatureMatrix.Hessian, BlockStructure.Block)]
    [InlineData(CurvatureMatrix.Hessian, BlockStructure.Full)]
    public void Blocks_of_samples_add_up(CurvatureMatrix matrix, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(2);
        using var problem = new Problem(
            Problem.Prepared(Sequential(Linear(2, 70_000), Tanh(), Linear(70_000, 2)), numbers), new MeanSquaredError(), numbers.Normal(3, 2), numbers.Normal(3, 2));
        var options = Ggn with { Matrix = matrix, Structure = structure };
        using var form = QuadraticForms.Create(problem.Risk, options);
        using var shards = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets), 1);
        using var singly = QuadraticForms.Create(shards, options);

        var (together, apart) = (form.Evaluate(1, 3), singly.Evaluate(1, 3));

        Near.Relative([.. Enumerable.Range(0, 3).Select(apart.Total)], [.. Enumerable.Range(0, 3).Select(together.Total)], 1e-10);
        Near.Relative(apart.Spread!.Variances[^1], together.Spread!.Variances[^1], 1e-8);
    }

    [Fact]
    public void The_GGN_of_the_example_takes_ten_vectors_and_the_Hessian_eleven()
    {
        using var example = MnistExample.Create(ScalarType.Float64, CPU);
        using var ggn = QuadraticForms.Create(example.Risk, new CurvatureOptions { Matrix = CurvatureMatrix.Ggn, ProbeSpace = null, Distribution = ProbeDistribution.Basis });
        using var hessian = QuadraticForms.Create(example.Risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });

        Assert.Equal((ProbeSpace.Prediction, 10, ProbeSpace.Prediction, 11), (ggn.ProbeSpace, ggn.BasisCount, hessian.ProbeSpace, hessian.BasisCount));
        var values = ggn.Evaluate(0, 10);
        // BackPACK's.
        Near.Relative(16.270646433411383, Enumerable.Range(0, 10).Sum(values.Total), 1e-9);
        var ofHessian = hessian.Evaluate(0, 11);
        Near.Relative(12.45500893244757, Enumerable.Range(0, 11).Sum(ofHessian.Total), 1e-12);
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
