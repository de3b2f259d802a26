using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>
/// One Rademacher probe of a symmetric A has mean tr A and variance 2 (‖A‖² − Σ aᵢᵢ²), ‖·‖ the Frobenius norm;
/// one Gaussian probe has variance 2 ‖A‖².
/// </summary>
public sealed class VarianceTests
{
    private const int Probes = 20_000;

    public static TheoryData<BlockStructure, CurvatureMatrix> Matrices => new()
    {
        { BlockStructure.Full, CurvatureMatrix.Hessian },
        { BlockStructure.Full, CurvatureMatrix.Ggn },
        { BlockStructure.Block, CurvatureMatrix.Hessian },
        { BlockStructure.Block, CurvatureMatrix.Ggn },
    };

    /// <summary>
    /// No chance in it: mean and variance over all 2¹¹ sign vectors are the theory's, up to rounding.
    /// </summary>
    [Theory, MemberData(nameof(Matrices))]
    public void Over_all_sign_vectors_mean_and_variance_are_those_of_the_theory(
        BlockStructure structure, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var problem = Small();
        var theory = Theory(problem.Risk, matrix, structure);
        foreach (var method in Enum.GetValues<CurvatureMethod>())
        {
            var (mean, variance, _) = Enumerated(problem.Risk, matrix, structure, method);

            Near.Relative(theory.Trace, mean, 1e-10);
            Near.Relative(theory.Rademacher, variance, 1e-10);
        }
    }

    /// <summary>
    /// The sample variance of n values has variance (μ₄ − σ⁴)/n with μ₄ their fourth central moment, which the sign
    /// vectors give exactly. Five standard deviations: a false alarm in 1.7 million, for a seed not looked at.
    /// </summary>
    [Theory, MemberData(nameof(Matrices))]
    public void The_standard_error_is_the_one_of_the_theory(BlockStructure structure, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var problem = Small();
        var (trace, variance, fourth) = Enumerated(problem.Risk, matrix, structure, CurvatureMethod.Quadratic);

        var estimate = Estimate(problem.Risk, new CurvatureOptions { Matrix = matrix, Structure = structure });

        Near.Absolute(trace, estimate.Trace, 5 * Math.Sqrt(variance / Probes));
        Near.Absolute(
            variance, estimate.ProbeVariance, 5 * Math.Sqrt((fourth - variance * variance) / Probes));
    }

    /// <summary>
    /// Fourth moment of a Gaussian quadratic form: μ₄ = 12 (tr A²)² + 48 tr A⁴, from its cumulants 2ʳ⁻¹ (r − 1)! tr Aʳ.
    /// </summary>
    [Theory, MemberData(nameof(Matrices))]
    public void Gaussian_probes_have_the_larger_variance_of_the_theory(BlockStructure structure, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var problem = Small();
        var a = Dense.Matrix(problem.Risk, matrix, structure);
        var theory = Theory(problem.Risk, matrix, structure);
        double square = a.square().sum().item<double>();
        double fourth = 12 * square * square + 48 * a.mm(a).square().sum().item<double>();
        Near.Relative(theory.Gaussian, 2 * square, 1e-12);

        var estimate = Estimate(problem.Risk, new CurvatureOptions
        {
            Matrix = matrix,
            Structure = structure,
            Distribution = ProbeDistribution.Gaussian,
        });

        Near.Absolute(theory.Trace, estimate.Trace, 5 * Math.Sqrt(theory.Gaussian / Probes));
        Near.Absolute(
            theory.Gaussian, estimate.ProbeVariance,
            5 * Math.Sqrt((fourth - theory.Gaussian * theory.Gaussian) / Probes));
    }

    [Fact]
    public void Blocks_have_their_own_standard_errors()
    {
        using var scope = NewDisposeScope();
        using var problem = Small();
        double[,] a = Array(Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian));
        var estimate = Estimate(problem.Risk, new CurvatureOptions());

        int first = 0;
        foreach (var (block, estimated) in problem.Risk.Blocks.Zip(estimate.Blocks))
        {
            var (trace, variance) = (0.0, 0.0);
            for (int i = first; i < first + block.Size; i++)
            {
                trace += a[i, i];
                for (int j = first; j < first + block.Size; j++) variance += i == j ? 0 : 2 * a[i, j] * a[i, j];
            }

            // The standard deviation of s is about σ √((κ − 1)/4n): 2 % for a kurtosis κ of up to 30, thrice.
            Near.Absolute(Math.Sqrt(variance / Probes), estimated.StandardError, 0.06 * Math.Sqrt(variance / Probes));
            Near.Absolute(trace, estimated.Trace, 5 * Math.Sqrt(variance / Probes) + 1e-12);
            first += (int)block.Size;
        }
    }

    /// <summary>Eleven parameters, each Hessian block dense.</summary>
    private static Problem Small() =>
        new ModelCase(
            () => nn.Sequential(
                nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1), nn.Sigmoid(), nn.Linear(1, 2, hasBias: false)), [2])
            .With(LossCase.All["cross-entropy, sum"]);

    private static TraceEstimate Estimate(EmpiricalRisk risk, CurvatureOptions options)
    {
        using var form = QuadraticForms.Create(risk, options);
        return HutchinsonEstimator.Estimate(form, Probes);
    }

    private static (double Trace, double Rademacher, double Gaussian) Theory(
        EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure)
    {
        double[,] a = Array(Dense.Matrix(risk, matrix, structure));
        var (trace, diagonal, all) = (0.0, 0.0, 0.0);
        for (int i = 0; i < a.GetLength(0); i++)
        {
            trace += a[i, i];
            diagonal += a[i, i] * a[i, i];
            for (int j = 0; j < a.GetLength(1); j++) all += a[i, j] * a[i, j];
        }

        return (trace, 2 * (all - diagonal), 2 * all);
    }

    private static double[,] Array(Tensor matrix)
    {
        var array = new double[matrix.shape[0], matrix.shape[1]];
        Buffer.BlockCopy(Dense.ToArray(matrix), 0, array, 0, array.Length * sizeof(double));
        return array;
    }

    /// <summary>Mean, variance and fourth central moment over all sign vectors.</summary>
    private static (double Mean, double Variance, double Fourth) Enumerated(
        EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure, CurvatureMethod method)
    {
        var signs = new SignEnumeration(risk.Blocks);
        var options = new CurvatureOptions { Matrix = matrix, Structure = structure, Method = method };
        using var form = QuadraticForms.Create(risk, options, probes: signs);
        var values = form.Evaluate(0, signs.Count);
        double[] totals = [.. Enumerable.Range(0, signs.Count).Select(values.Total)];
        double mean = totals.Average();
        return (mean, totals.Average(x => Math.Pow(x - mean, 2)), totals.Average(x => Math.Pow(x - mean, 4)));
    }
}
