using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>A batch that is walked in pieces gives what it gives in one.</summary>
public sealed class MicroBatchTests
{
    /// <summary>
    /// Both sides add the same terms in another order, some hundred of 1e-16 each; a wrong weight is off by 1e-1.
    /// </summary>
    private const double Tolerance = 1e-12;

    public static TheoryData<string, string, CurvatureMethod, ProbeSpace> Table()
    {
        var table = new TheoryData<string, string, CurvatureMethod, ProbeSpace>();
        foreach (string model in (string[])["tanh", "two convolutions", "sequence", "residual of convolutions"])
        {
            foreach (string loss in LossCase.All.Keys)
            {
                foreach (var method in Enum.GetValues<CurvatureMethod>()) table.Add(model, loss, method, ProbeSpace.Parameter);
                table.Add(model, loss, CurvatureMethod.Quadratic, ProbeSpace.Output);
                table.Add(model, loss, CurvatureMethod.Quadratic, ProbeSpace.Prediction);
            }
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public void Pieces_with_a_ragged_last_one_add_up(string model, string loss, CurvatureMethod method, ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var options = new CurvatureOptions { Matrix = Matrix(space), Method = method, ProbeSpace = space, Seed = 3 };
        using var whole = QuadraticForms.Create(problem.Risk, options);
        var expected = whole.Evaluate(1, 4);

        foreach (int size in (int[])[1, 2, 3, 5, 100])
        {
            var pieces = InPieces(problem.Risk, size);
            using var form = QuadraticForms.Create(pieces, options);
            var values = form.Evaluate(1, 4);

            Assert.Equal((whole.BasisCount, whole.Method), (form.BasisCount, form.Method));
            Assert.Equal(whole.Blocks, form.Blocks);
            Near.Relative(expected.Values, values.Values, Tolerance);
            Near.Relative(problem.Risk.Value(), pieces.Value(), Tolerance);
        }
    }

    /// <summary>One that a space serves, whatever the model.</summary>
    internal static CurvatureMatrix Matrix(ProbeSpace space) => space == ProbeSpace.Prediction ? CurvatureMatrix.Ggn : CurvatureMatrix.Hessian;

    /// <summary>Loading kernels takes one; a pass over the data would be thrown away.</summary>
    [Fact]
    public void Warming_up_reads_no_further_than_one_piece_that_counts()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        // The first piece's targets are all ignored.
        var targets = problem.Risk.Targets.clone();
        using (no_grad()) targets.narrow(0, 0, 2).copy_(zeros([2], ScalarType.Int64).sub(100));
        var samples = new CountedSamples(new TensorSamples(problem.Risk.Inputs, targets));
        using var form = QuadraticForms.Create(
            new MicroBatchedRisk(problem.Risk.Model, problem.Risk.Loss, samples, 2), new CurvatureOptions { Method = CurvatureMethod.Quadratic });
        var before = form.Evaluate(0, 3);
        samples.Read = [];

        form.WarmUp();

        Assert.Equal([0L, 2L], samples.Read);
        Assert.Equal(before.Values, form.Evaluate(0, 3).Values);
    }

    private sealed class CountedSamples(ISamples samples) : ISamples
    {
        public List<long> Read { get; set; } = [];

        public long SampleCount => samples.SampleCount;

        (ModelInputs Inputs, Tensor Targets) ISamples.Read(long first, long count, ScalarType dtype, Device device)
        {
            Read.Add(first);
            return samples.Read(first, count, dtype, device);
        }
    }

    [Theory]
    [InlineData(ProbeDistribution.Rademacher)]
    [InlineData(ProbeDistribution.Gaussian)]
    [InlineData(ProbeDistribution.Basis)]
    public void Probes_of_output_space_belong_to_their_samples(ProbeDistribution distribution)
    {
        using var scope = NewDisposeScope();
        // More samples than a block of random bits has, so that pieces begin within one and beyond one.
        using var problem = (ModelCases.All["tanh"] with { Samples = 300 }).With(LossCase.All["cross-entropy, mean"]);
        var options = new CurvatureOptions { ProbeSpace = ProbeSpace.Output, Distribution = distribution, Seed = 7 };
        using var whole = QuadraticForms.Create(problem.Risk, options);
        using var form = QuadraticForms.Create(InPieces(problem.Risk, 70), options);

        Near.Relative(whole.Evaluate(0, 3).Values, form.Evaluate(0, 3).Values, Tolerance);
    }

    [Fact]
    public void A_piece_without_a_target_that_counts_is_left_out()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        using var ignored = problem.Risk.Targets.clone();
        ignored[2] = tensor(-100L);
        var risk = new EmpiricalRisk(problem.Risk.Model, problem.Risk.Loss, problem.Risk.Inputs, ignored);
        using var whole = QuadraticForms.Create(risk);
        var pieces = InPieces(risk, 1);
        using var form = QuadraticForms.Create(pieces);

        pieces.CheckDeterminism();
        Near.Relative(whole.Evaluate(0, 2).Values, form.Evaluate(0, 2).Values, Tolerance);
    }

    [Fact]
    public void Pieces_are_as_large_as_the_budget_allows_and_nearly_equal()
    {
        using var scope = NewDisposeScope();
        using var problem = (ModelCases.All["tanh"] with { Samples = 100 }).With(LossCase.All["cross-entropy, mean"]);
        var samples = new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets);
        long Size(long? budget, CurvatureMethod? method = null) => MicroBatchSize.Auto(
            problem.Risk.Model, problem.Risk.Loss, samples, new CurvatureOptions { MemoryBudget = budget, Method = method });

        Assert.Equal(100, Size(null));
        Assert.Equal(1, Size(1));
        long[] sizes = [.. Enumerable.Range(1, 400).Select(pieces => Size(pieces << 9))];
        Assert.Equal(sizes.Order(), sizes);
        Assert.Contains(50, sizes);
        Assert.DoesNotContain(sizes, size => size is > 50 and < 100);
    }

    [Fact]
    public void Pieces_are_told_of_and_can_be_cancelled()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var risk = InPieces(problem.Risk, 2);
        using var form = QuadraticForms.Create(risk);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.EndsWith("; 3 micro-batches of 2", form.MethodReason, StringComparison.Ordinal);
        Assert.ThrowsAny<OperationCanceledException>(() => form.Evaluate(0, 1, cancelled.Token));
    }

    private static MicroBatchedRisk InPieces(EmpiricalRisk risk, long size) =>
        new(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets), size);
}
