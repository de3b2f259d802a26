using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>Values by hand; the curvatures are in the shared table.</summary>
public sealed class LossTests
{
    private const double Tolerance = 1e-12;

    [Fact]
    public void Cross_entropy_is_the_negative_logarithm_of_the_softmax()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[,] { { 0.0, Math.Log(3) }, { Math.Log(4), 0 } });
        var y = tensor(new long[] { 1, 1 });

        // Softmax gives the right classes ¾ and ⅕.
        double[] each = [-Math.Log(0.75), -Math.Log(0.2)];
        Near.Relative(each.Average(), Value(new CrossEntropy(), z, y), Tolerance);
        Near.Relative(each.Sum(), Value(new CrossEntropy(Reduction.Sum), z, y), Tolerance);
    }

    [Fact]
    public void Weights_of_classes_weigh_the_mean_and_ignored_positions_do_not_count()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[,] { { 0.0, Math.Log(3) }, { 0, Math.Log(3) }, { 7, 8 } });
        var y = tensor(new long[] { 1, 0, 9 });
        var weights = tensor(new[] { 2.0, 3.0 });
        double sum = 3 * -Math.Log(0.75) + 2 * -Math.Log(0.25);

        Near.Relative(sum / 5, Value(new CrossEntropy(Reduction.Mean, weights, ignoreIndex: 9), z, y), Tolerance);
        Near.Relative(sum, Value(new CrossEntropy(Reduction.Sum, weights, ignoreIndex: 9), z, y), Tolerance);
    }

    [Fact]
    public void Squared_error_is_averaged_over_all_numbers()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[,] { { 1.0, 2 }, { 3, 4 } });
        var y = tensor(new[,] { { 0.0, 4 }, { 3, 1 } });

        Near.Relative(14 / 4.0, Value(new MeanSquaredError(), z, y), Tolerance);
        Near.Relative(14, Value(new MeanSquaredError(Reduction.Sum), z, y), Tolerance);
    }

    [Fact]
    public void Binary_cross_entropy_takes_logits_and_probabilities()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[,] { { Math.Log(3) }, { 0 } });
        var y = tensor(new[,] { { 1.0 }, { 0.5 } });
        double sum = -Math.Log(0.75) - Math.Log(0.5);

        Near.Relative(sum / 2, Value(new BinaryCrossEntropyWithLogits(), z, y), Tolerance);
        Near.Relative(sum, Value(new BinaryCrossEntropyWithLogits(Reduction.Sum), z, y), Tolerance);
    }

    /// <summary>Softmax and sigmoid at logits of ±1000, where naive formulas overflow: curvature 0, not NaN.</summary>
    [Fact]
    public void Large_logits_have_no_curvature_and_no_overflow()
    {
        using var scope = NewDisposeScope();
        foreach (var (loss, target) in new (Loss, Tensor)[]
        {
            (new CrossEntropy(), tensor(new long[] { 0 })),
            (new BinaryCrossEntropyWithLogits(), tensor(new[,] { { 1.0, 0 } })),
        })
        {
            using var model = nn.Linear(1, 2, hasBias: false, dtype: ScalarType.Float64);
            using (no_grad()) model.weight!.copy_(tensor(new[,] { { 1000.0 }, { -1000 } }));
            var risk = new EmpiricalRisk(model, loss, ones([1, 1], ScalarType.Float64), target);
            foreach (var method in Enum.GetValues<CurvatureMethod>())
            {
                using var form = Rejected.Form(risk, method);
                Assert.All(form.Evaluate(0, 3).Values.ToArray(), value => Near.Absolute(0, value, 1e-100));
            }
        }
    }

    /// <summary>Class probabilities as targets: libtorch takes them, the rule does not.</summary>
    [Fact]
    public void Cross_entropy_with_probabilities_leaves_autodiff()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(
            Problem.Prepared(nn.Linear(3, 2), numbers), new CrossEntropy(), numbers.Normal(4, 3),
            numbers.Normal(4, 2).softmax(1));

        using var form = QuadraticForms.Create(problem.Risk);

        Assert.Equal(CurvatureMethod.Autodiff, form.Method);
        Assert.Contains("targets", form.MethodReason, StringComparison.Ordinal);
        form.Evaluate(0, 2);
    }

    private static double Value(Loss loss, Tensor output, Tensor target) => loss.Value(output, target).item<double>();
}
