using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Whole matrices of models that have one in closed form. These are linear in θ, so the GGN is the Hessian.
/// </summary>
public sealed class ClosedFormTests
{
    private const int Samples = 7;
    private const int Features = 4;
    private const int Outputs = 3;

    /// <summary>A dozen operations of float64 on numbers around one.</summary>
    private const double Tolerance = 1e-12;

    public static TheoryData<CurvatureMethod, CurvatureMatrix> Methods => new()
    {
        { CurvatureMethod.Autodiff, CurvatureMatrix.Hessian },
        { CurvatureMethod.Autodiff, CurvatureMatrix.Ggn },
        { CurvatureMethod.Hmp, CurvatureMatrix.Hessian },
        { CurvatureMethod.Hmp, CurvatureMatrix.Ggn },
    };

    [Theory, MemberData(nameof(Methods))]
    public void Least_squares_has_twice_the_Gram_matrix_for_each_output(CurvatureMethod method, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(seed: 2);
        using var problem = new Problem(
            Problem.Prepared(nn.Linear(Features, Outputs, hasBias: false), numbers), new MeanSquaredError(),
            numbers.Normal(Samples, Features), numbers.Normal(Samples, Outputs));
        var x = problem.Risk.Inputs[0];

        // The mean runs over samples and outputs.
        var expected = kron(eye(Outputs, dtype: ScalarType.Float64), x.t().mm(x) * (2.0 / (Samples * Outputs)));

        Compare(expected, Matrix(problem.Risk, method, matrix));
    }

    [Theory, MemberData(nameof(Methods))]
    public void Softmax_regression_has_the_mean_of_Kronecker_products(CurvatureMethod method, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(seed: 3);
        using var problem = new Problem(
            Problem.Prepared(nn.Linear(Features, Outputs, hasBias: false), numbers), new CrossEntropy(),
            numbers.Normal(Samples, Features), numbers.Classes(Outputs, Samples));
        var x = problem.Risk.Inputs[0];
        var p = x.mm(problem.Risk.Blocks[0].Parameter.detach().t()).softmax(1);

        var expected = zeros([Outputs * Features, Outputs * Features], ScalarType.Float64);
        for (int n = 0; n < Samples; n++)
            expected += kron(p[n].diag() - p[n].outer(p[n]), x[n].outer(x[n])) / Samples;

        Compare(expected, Matrix(problem.Risk, method, matrix));
    }

    [Theory, MemberData(nameof(Methods))]
    public void Logistic_regression_has_the_weighted_Gram_matrix(CurvatureMethod method, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(seed: 4);
        using var problem = new Problem(
            Problem.Prepared(nn.Linear(Features, 1, hasBias: false), numbers), new BinaryCrossEntropyWithLogits(),
            numbers.Normal(Samples, Features), numbers.Classes(2, Samples, 1).to(ScalarType.Float64));
        var x = problem.Risk.Inputs[0];
        var p = x.mm(problem.Risk.Blocks[0].Parameter.detach().t()).sigmoid();

        var expected = x.t().mm(x * p * (1 - p)) / Samples;

        Compare(expected, Matrix(problem.Risk, method, matrix));
    }

    private static Tensor Matrix(EmpiricalRisk risk, CurvatureMethod method, CurvatureMatrix matrix)
    {
        using ICurvatureProduct product = method == CurvatureMethod.Autodiff
            ? new AutodiffProduct(risk, matrix, BlockStructure.Full)
            : new LayerRuleProduct(risk, matrix, BlockStructure.Full);
        return Dense.Matrix(product);
    }

    private static void Compare(Tensor expected, Tensor actual) =>
        Near.Relative(Dense.ToArray(expected), Dense.ToArray(actual), Tolerance);
}
