using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Single precision takes other paths than double: signs stay packed, and products come from tables.</summary>
public sealed class SinglePrecisionTests
{
    /// <summary>
    /// The models' sums of a few dozen products, 6e-8 each, with second-order terms that cancel in part.
    /// </summary>
    private const double Tolerance = 2e-4;

    public static TheoryData<string, CurvatureMatrix, BlockStructure> Table()
    {
        var table = new TheoryData<string, CurvatureMatrix, BlockStructure>();
        foreach (string model in ModelCases.WithAutodiff.Where(model => model != "tied weights").Append("wide"))
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                foreach (var structure in Enum.GetValues<BlockStructure>()) table.Add(model, matrix, structure);
            }
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public void Quadratic_and_hmp_agree_with_autodiff_in_double_precision(
        string name, CurvatureMatrix matrix, BlockStructure structure)
    {
        // Enough outputs in the second layer that a lane's own tangents are tabulated.
        var model = name == "wide"
            ? new ModelCase(
                () => nn.Sequential(nn.Linear(9, 11), nn.Tanh(), nn.Linear(11, 70), nn.Tanh(), nn.Linear(70, 3)), [9])
            : ModelCases.All[name];
        double[] expected = Totals(model, ScalarType.Float64, CurvatureMethod.Autodiff, matrix, structure);

        foreach (var method in new[] { CurvatureMethod.Quadratic, CurvatureMethod.Hmp })
            Near.Relative(expected, Totals(model, ScalarType.Float32, method, matrix, structure), Tolerance);
    }

    private static double[] Totals(
        ModelCase model, ScalarType dtype, CurvatureMethod method, CurvatureMatrix matrix, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = model.With(LossCase.All["cross-entropy, sum"]);
        problem.Risk.Model.to(dtype);
        var inputs = problem.Risk.Inputs[0].is_floating_point() ? problem.Risk.Inputs[0].to(dtype) : problem.Risk.Inputs[0];
        var risk = new EmpiricalRisk(problem.Risk.Model, new CrossEntropy(Reduction.Sum), inputs, problem.Risk.Targets);
        using var form = QuadraticForms.Create(
            risk, new CurvatureOptions { Method = method, Matrix = matrix, Structure = structure, Seed = 3 });
        var values = form.Evaluate(0, 5);
        return [.. Enumerable.Range(0, values.Count).Select(values.Total)];
    }
}
