using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Eigenvalues;

/// <summary>Eigenvalues of models against dense eigendecompositions, and against what is known of linear models.</summary>
public sealed class EigenvaluesTests
{
    public static TheoryData<string, CurvatureMatrix, BlockStructure, SpectrumEnd> Cases()
    {
        var data = new TheoryData<string, CurvatureMatrix, BlockStructure, SpectrumEnd>();
        foreach (string model in (string[])["tanh", "residual of convolutions", "layer norm", "tied weights"])
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                foreach (var structure in Enum.GetValues<BlockStructure>())
                {
                    foreach (var end in Enum.GetValues<SpectrumEnd>()) data.Add(model, matrix, structure, end);
                }
            }
        }

        return data;
    }

    /// <summary>Residuals of 1e-10 in double precision: eigenvalues are as near, by the theorem that the bound is of.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void They_are_those_of_the_dense_matrix(string model, CurvatureMatrix matrix, BlockStructure structure, SpectrumEnd end)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        var dense = Dense.Matrix(problem.Risk, matrix);
        dense = (dense + dense.t()) / 2;
        if (structure == BlockStructure.Block) dense = Dense.DiagonalBlocks(problem.Risk, dense);
        double[] eigenvalues = [.. Dense.ToArray(linalg.eigvalsh(dense)).OrderDescending()];
        const int wanted = 4;
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets), 2);

        var found = EigenvaluesEstimator.Find(
            risk, new() { Count = wanted, End = end, Tolerance = 1e-10 }, new() { Matrix = matrix, Structure = structure }, products: 20_000);

        double[] expected = end switch
        {
            SpectrumEnd.Largest => eigenvalues[..wanted],
            SpectrumEnd.Smallest => eigenvalues[^wanted..],
            _ => [.. eigenvalues[..wanted], .. eigenvalues[^wanted..]],
        };
        Assert.True(found.Converged);
        double scale = eigenvalues.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            Near.Absolute(expected[i], found.Values[i].Value, 1e-9 * scale);
            Assert.True(Math.Abs(expected[i] - found.Values[i].Value) <= found.Bound + 1e-12 * scale);
            var vector = tensor(found.Vectors![i]);
            Near.Absolute(0, (dense.mv(vector) - found.Values[i].Value * vector).norm().item<double>(), 1e-9 * scale);
        }
    }

    /// <summary>
    /// A linear model z = Wx of c outputs and mean squared error over N samples has the Hessian 2/(cN) I ⊗ XᵀX: each eigenvalue of XᵀX is there
    /// c times, which a single Krylov space would not tell.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void Linear_regression_has_each_eigenvalue_once_an_output(int outputs)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        var inputs = numbers.Normal(12, 6);
        using var problem = new Problem(
            Problem.Prepared(Linear(6, outputs, hasBias: false), numbers), new MeanSquaredError(), inputs, numbers.Normal(12, outputs));
        double[] once = [.. Dense.ToArray(linalg.eigvalsh(inputs.t().mm(inputs))).Select(value => 2 * value / (12 * outputs)).OrderDescending()];
        double[] expected = [.. once.SelectMany(value => Enumerable.Repeat(value, outputs)).Take(8)];

        var found = Found(problem.Risk, new() { Count = 8, Tolerance = 1e-10 });

        // With one output there are six in all.
        Near.Relative(expected, [.. found.Values.Select(value => value.Value)], 1e-10);
    }

    /// <summary>Logistic regression has the Hessian 1/N Σ p(1 − p) xxᵀ.</summary>
    [Fact]
    public void Logistic_regression_is_the_weighted_matrix_of_the_inputs()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(2);
        var inputs = numbers.Normal(20, 7);
        using var problem = new Problem(
            Problem.Prepared(Linear(7, 1, hasBias: false), numbers), new BinaryCrossEntropyWithLogits(), inputs, numbers.Normal(20, 1).gt(0).to(ScalarType.Float64));
        var chance = problem.Risk.ForwardModel().sigmoid().detach();
        var dense = inputs.t().mm(chance * (1 - chance) * inputs) / 20;
        double[] expected = [.. Dense.ToArray(linalg.eigvalsh(dense)).OrderDescending()];

        var found = Found(problem.Risk, new() { Count = 3, End = SpectrumEnd.Both, Tolerance = 1e-10 });

        Near.Relative([.. expected[..3], .. expected[^3..]], [.. found.Values.Select(value => value.Value)], 1e-10);
    }

    [Fact]
    public void A_matrix_of_zeros_has_zeros()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(Problem.Prepared(Linear(3, 2), numbers), new AbsoluteError(), numbers.Normal(4, 3), numbers.Normal(4, 2));

        var found = Found(problem.Risk, new() { Count = 3 });

        Assert.True(found.Converged);
        Assert.All(found.Values, value => Assert.Equal((0, 0), (value.Value, value.Residual)));
    }

    private static EigenvalueEstimate Found(EmpiricalRisk risk, EigenvalueOptions wanted)
    {
        using var shards = new ShardedRisk(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets));
        return EigenvaluesEstimator.Find(shards, wanted);
    }
}
