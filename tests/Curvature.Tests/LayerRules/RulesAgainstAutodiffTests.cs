using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.LayerRules;

/// <summary>
/// The shared table: models × losses × matrix × structure, each method against double backward in float64.
/// </summary>
public sealed class RulesAgainstAutodiffTests
{
    /// <summary>
    /// Both sides round differently in some hundred operations of 1e-16 each; a wrong term is off by 1e-2.
    /// </summary>
    private const double Tolerance = 1e-10;

    public static TheoryData<string, string, CurvatureMatrix, BlockStructure> Table()
    {
        var table = new TheoryData<string, string, CurvatureMatrix, BlockStructure>();
        foreach (string model in ModelCases.WithAutodiff)
        {
            // Losses do not know what model is before them: all of them behind a few outputs, and one of each kind
            // behind all models.
            bool plain = model is "tanh" or "sequence" or "two convolutions" or "a batch of one";
            foreach (string loss in plain ? LossCase.All.Keys : LossCase.Kinds)
            {
                foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
                {
                    foreach (var structure in Enum.GetValues<BlockStructure>())
                        table.Add(model, loss, matrix, structure);
                }
            }
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public void Hmp_and_quadratic_give_the_values_of_autodiff(
        string model, string loss, CurvatureMatrix matrix, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var expected = Values(CurvatureMethod.Autodiff);
        foreach (var method in new[] { CurvatureMethod.Hmp, CurvatureMethod.Quadratic })
        {
            var values = Values(method);
            Near.Relative(Totals(expected), Totals(values), Tolerance);
            if (values.Columns == expected.Columns) Near.Relative(expected.Values, values.Values, Tolerance);
            else Assert.Equal(1, values.Columns);
        }

        // A stack of several probes, then a stack of one. Gaussian probes: with signs alone, an error in the diagonal
        // of the matrix could hide behind v² = 1.
        ProbeValues Values(CurvatureMethod method)
        {
            using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions
            {
                Matrix = matrix,
                Structure = structure,
                Method = method,
                Distribution = ProbeDistribution.Gaussian,
                Seed = 5,
            });
            Assert.Equal(method, form.Method);
            var several = form.Evaluate(0, 4);
            return new ProbeValues(0, several.Columns, [.. several.Values, .. form.Evaluate(4, 1).Values]);
        }
    }

    [Fact]
    public void Every_rule_has_a_model_in_the_table()
    {
        using var scope = NewDisposeScope();
        var models = ModelCases.All.Values.Select(model => model.Make()).ToList();
        var met = models.SelectMany(model => model.modules().Append(model)).Select(module => module.GetType().Name);

        Assert.Empty(OperationTable.Default.Known.Except(met));
    }

    private static double[] Totals(ProbeValues values) => [.. Enumerable.Range(0, values.Count).Select(values.Total)];
}
