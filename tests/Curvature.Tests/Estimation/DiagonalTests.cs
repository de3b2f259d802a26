using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>Diagonals against those of dense matrices in float64.</summary>
public sealed class DiagonalTests
{
    public static TheoryData<string, CurvatureMatrix, string> Cases()
    {
        var data = new TheoryData<string, CurvatureMatrix, string>();
        foreach (string model in ModelCases.WithAutodiff)
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                foreach (string loss in (string[])LossCase.Kinds) data.Add(model, matrix, loss);
            }
        }

        return data;
    }

    /// <summary>With as many probes as basis vectors: squares of passes backward where prediction space serves the matrix, products otherwise.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void With_as_many_probes_as_basis_vectors_it_is_exact(string model, CurvatureMatrix matrix, string loss)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        double[] expected = Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal());
        foreach (long shard in (long[])[2, ShardSize.Whole])
        {
            using var risk = Sharded(problem.Risk, shard);
            var found = DiagonalEstimator.Estimate(risk, new() { Matrix = matrix, ProbeSpace = null }, probes: 10_000);

            Assert.True(found.IsExact);
            double[] values = found.Diagonal!.Values();
            double scale = expected.Max(Math.Abs);
            Assert.Equal(expected.Length, values.Length);
            for (int i = 0; i < values.Length; i++) Near.Absolute(expected[i], values[i], 1e-10 * scale);
            Assert.All(found.Diagonal.StandardErrors(), error => Assert.Equal(0, error));
            Near.Absolute(values.Sum(), found.Trace, 1e-12 * values.Sum(Math.Abs));
            Near.Absolute(found.Trace, found.Blocks.Sum(block => block.Trace), 1e-12 * values.Sum(Math.Abs));
        }
    }

    /// <summary>
    /// 400 seeds of 12 probes each, in three shards: the means are within five of their standard errors (one false alarm in a million for each of
    /// some hundred entries), and the variance that is told is, on average, that of the estimates to a third (for 400 seeds four standard errors).
    /// </summary>
    [Theory]
    [InlineData("relu", CurvatureMatrix.Ggn, ProbeSpace.Prediction, BlockStructure.Block)]
    [InlineData("tanh", CurvatureMatrix.Hessian, ProbeSpace.Parameter, BlockStructure.Block)]
    [InlineData("tanh", CurvatureMatrix.Ggn, ProbeSpace.Parameter, BlockStructure.Full)]
    public void Random_probes_are_unbiased_and_tell_their_errors(string model, CurvatureMatrix matrix, ProbeSpace space, BlockStructure structure)
    {
        const int seeds = 400, probes = 12;
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        double[] expected = Dense.ToArray(Dense.Matrix(problem.Risk, matrix).diagonal());
        long third = (problem.Risk.SampleCount + 2) / 3;
        double[] sum = new double[expected.Length], squares = new double[expected.Length], told = new double[expected.Length];
        double toldOfTrace = 0, foundOfTrace = 0;
        for (ulong seed = 0; seed < seeds; seed++)
        {
            using var risk = Sharded(problem.Risk, third);
            // Where there are fewer basis vectors, they would be taken.
            var found = Random(risk, new CurvatureOptions { Matrix = matrix, ProbeSpace = space, Structure = structure, Seed = seed }, probes);
            double[] values = found.Diagonal!.Values(), errors = found.Diagonal.StandardErrors();
            for (int i = 0; i < values.Length; i++)
            {
                double from = values[i] - expected[i];
                sum[i] += from;
                squares[i] += from * from;
                told[i] += errors[i] * errors[i];
            }

            toldOfTrace += found.StandardError * found.StandardError;
            foundOfTrace += Math.Pow(found.Trace - expected.Sum(), 2);
        }

        double scale = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Near.Absolute(0, sum[i] / seeds, 5 * Math.Sqrt(squares[i]) / seeds + 1e-12 * scale);
        Near.Relative(squares.Sum(), told.Sum(), 0.34);
        Near.Relative(foundOfTrace, toldOfTrace, 0.34);
    }

    private static TraceEstimate Random(ShardedRisk risk, CurvatureOptions options, int probes)
    {
        using var form = QuadraticForms.Create(risk, Estimator.Diagonal.Evaluated(options) with { MostProbes = 0 });
        var grid = new WorkGrid(probes, 5, risk.SampleCount, form.ShardSize) { HasOwnProbes = true };
        var fold = Estimator.Diagonal.NewFold(new FoldOptions(form.Blocks, grid, Sums: false) { Shapes = form.Shapes });
        for (long chunk = 0; chunk < grid.Count; chunk++) fold.Add(form.Evaluate(grid[chunk], keeps: true));
        return fold.Estimate(0.95, null, isComplete: true)!;
    }

    private static ShardedRisk Sharded(EmpiricalRisk risk, long shard) => new(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets), shard);
}
