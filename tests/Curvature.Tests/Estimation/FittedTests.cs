using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>Networks that fit their data well, down to losses of 1e-10, in single precision against double precision.</summary>
public sealed class FittedTests
{
    /// <summary>
    /// At a loss of 1e-10 scores are about 25, rounded by 1e-6 each, and their exponentials by as much of themselves: some
    /// 1e-6 is left of a mean over samples. Before log-probabilities were computed from 1 − p as a sum, a loss of 1e-7
    /// was off by 1e-2 and one of 1e-9 by 0.5.
    /// </summary>
    private const double Tolerance = 1e-5;

    private const int Probes = 4;

    public static TheoryData<string, string> Table()
    {
        var table = new TheoryData<string, string>();
        foreach (string model in FittedCases.Models.Keys)
        {
            foreach (string loss in FittedCases.Losses.Keys) table.Add(model, loss);
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public void Single_precision_is_as_good_as_its_scores(string model, string loss)
    {
        bool hasRule = loss != "cross-entropy of probabilities";
        foreach (double value in (double[])[1, 1e-3, 1e-7, 1e-9, 1e-10])
        {
            var (single, reference) = FittedCases.With(model, loss, value);
            using (single)
            using (reference)
            {
                foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
                {
                    Check(CurvatureMethod.Autodiff, ProbeSpace.Parameter);
                    if (!hasRule) continue;
                    Check(CurvatureMethod.Hmp, ProbeSpace.Parameter);
                    Check(CurvatureMethod.Quadratic, ProbeSpace.Parameter);
                    Check(CurvatureMethod.Quadratic, ProbeSpace.Output);

                    void Check(CurvatureMethod method, ProbeSpace space)
                    {
                        var options = new CurvatureOptions { Matrix = matrix, Method = method, ProbeSpace = space };
                        double[] expected = Values(reference.Risk, options), actual = Values(single.Risk, options);
                        // Of single probes that cancel in part, what counts is the size of what is added up.
                        double scale = expected.Average(Math.Abs);
                        Near.Absolute(expected.Average(), actual.Average(), Tolerance * scale);
                    }
                }
            }
        }
    }

    private static double[] Values(EmpiricalRisk risk, CurvatureOptions options)
    {
        using var form = QuadraticForms.Create(risk, options);
        return form.Evaluate(0, Probes).Values.ToArray();
    }
}
