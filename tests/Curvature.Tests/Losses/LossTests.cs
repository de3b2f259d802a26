using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
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
        double[] weights = [2, 3];
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

    /// <summary>At kinks, the derivatives are PyTorch's: 0 for |z| at 0; the second one 0 where |z − y| is β or δ.</summary>
    [Theory]
    [InlineData("l1", 0.0, 0, 0)]
    [InlineData("l1", -2.0, -1, 0)]
    [InlineData("smooth-l1", 0.5, 1, 0)]
    [InlineData("smooth-l1", -0.5, -1, 0)]
    [InlineData("smooth-l1", 0.25, 0.5, 2)]
    [InlineData("huber", 0.5, 0.5, 0)]
    [InlineData("huber", -0.5, -0.5, 0)]
    [InlineData("huber", 0.25, 0.25, 1)]
    public void Derivatives_at_kinks(string name, double difference, double first, double second)
    {
        using var scope = NewDisposeScope();
        Loss loss = name switch
        {
            "l1" => new AbsoluteError(),
            "smooth-l1" => new SmoothAbsoluteError(beta: 0.5),
            _ => new HuberLoss(delta: 0.5),
        };
        using var model = nn.Linear(1, 1, hasBias: false, dtype: ScalarType.Float64);
        using (no_grad()) model.weight!.copy_(tensor(new[,] { { 3 + difference } }));
        var risk = new EmpiricalRisk(model, loss, ones([1, 1], ScalarType.Float64), tensor(new[,] { { 3.0 } }));

        Assert.Equal(first, Autograd.Gradients([risk.Forward()], [model.weight!])[0].item<double>());
        foreach (var method in Enum.GetValues<CurvatureMethod>())
        {
            using var form = Rejected.Form(risk, method);
            Assert.Equal(second, form.Evaluate(0, 1).Total(0));
        }
    }

    /// <summary>Probabilities of a sigmoid: the forms are those of the logits, and double backward's.</summary>
    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.BatchMean)]
    public void Binary_cross_entropy_of_probabilities_is_that_of_their_logits(Reduction reduction)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(4);
        using var linear = Problem.Prepared(nn.Linear(3, 2), numbers);
        using var model = nn.Sequential(linear, nn.Sigmoid());
        var (inputs, targets) = (numbers.Normal(5, 3), numbers.Normal(5, 2).sigmoid());
        var logits = new EmpiricalRisk(linear, new BinaryCrossEntropyWithLogits(reduction), inputs, targets);
        var risk = new EmpiricalRisk(model, new BinaryCrossEntropy(reduction), inputs, targets);

        Near.Relative(logits.Value(), risk.Value(), Tolerance);
        using var expected = Rejected.Form(logits, CurvatureMethod.Autodiff);
        foreach (var method in Enum.GetValues<CurvatureMethod>())
        {
            using var form = Rejected.Form(risk, method);
            Near.Relative(Totals(expected), Totals(form), 1e-10);
        }

        Rejected.Saying(
            "10 of the 10 numbers of the model's output are no probabilities from 0 to 1, which the loss bce-of-probabilities takes",
            () => new EmpiricalRisk(linear, new BinaryCrossEntropy(), inputs.abs().Times(1e3), targets).Value());

        static double[] Totals(IQuadraticForm form)
        {
            var values = form.Evaluate(0, 3);
            return [.. Enumerable.Range(0, 3).Select(values.Total)];
        }
    }

    /// <summary>Positions that do not count may have impossible classes, as masked scores have: −∞.</summary>
    [Fact]
    public void An_ignored_position_may_have_impossible_classes()
    {
        using var scope = NewDisposeScope();
        var z = tensor(new[,] { { double.NegativeInfinity, 0, 1 }, { 0.5, 0, 60 } });
        var y = tensor(new long[] { -100, 2 });

        Near.Absolute(0, Value(new CrossEntropy(), z, y), 1e-20);
        Near.Relative(-60, Value(new NegativeLogLikelihood(), z, y), Tolerance);
    }

    /// <summary>The mean over samples of sums, whatever of a sample is ignored.</summary>
    [Fact]
    public void The_samples_mean_of_sums()
    {
        using var scope = NewDisposeScope();
        var z = new Numbers(1).Normal(4, 3, 5);
        var y = new Numbers(2).Classes(3, 4, 5);
        using (no_grad()) y[0] = full([5], -100, ScalarType.Int64);
        var real = new Numbers(3).Normal(4, 3, 5);

        Near.Relative(Value(new CrossEntropy(Reduction.Sum), z, y) / 4, Value(new CrossEntropy(Reduction.BatchMean), z, y), Tolerance);
        Near.Relative(Value(new MeanSquaredError(), z, real) * 15, Value(new MeanSquaredError(Reduction.BatchMean), z, real), Tolerance);
        Assert.Equal((15, 4, 1), (new CrossEntropy().Divisor(y), new CrossEntropy(Reduction.BatchMean).Divisor(y), new CrossEntropy(Reduction.Sum).Divisor(y)));
    }

    [Theory]
    [InlineData(2, "the model's output is Float64[4, 3], and has no dimension 2 of classes (classDimension); it must be from 1 to 1, or last.")]
    [InlineData(0, "has no dimension 0 of classes")]
    [InlineData(-2, "has no dimension -2 of classes")]
    public void A_dimension_of_classes_that_is_not_there(long dimension, string message)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3, dtype: ScalarType.Float64);
        var (inputs, classes, real) = (ones([4, 2], ScalarType.Float64), zeros([4], ScalarType.Int64), zeros([4, 3], ScalarType.Float64));

        foreach (var (loss, targets) in new (Loss, Tensor)[]
        {
            (new CrossEntropy(classDimension: dimension), classes), (new NegativeLogLikelihood(classDimension: dimension), classes),
            (new BinaryCrossEntropyWithLogits(posWeight: [1, 2, 3], classDimension: dimension), real),
        })
        {
            Rejected.Saying(message, () => new EmpiricalRisk(model, loss, inputs, targets).Value());
            Rejected.Saying(message, new MicroBatchedRisk(model, loss, new TensorSamples(inputs, targets), 4).CheckSamples);
        }
    }

    [Fact]
    public void Weights_of_another_number_of_classes()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3, dtype: ScalarType.Float64);
        var (inputs, classes, real) = (ones([4, 2], ScalarType.Float64), zeros([4], ScalarType.Int64), zeros([4, 3], ScalarType.Float64));

        Rejected.Saying("there are weights of 2 classes, and the output has 3", () => new EmpiricalRisk(model, new CrossEntropy(classWeights: [1, 2]), inputs, classes).Value());
        Rejected.Saying("there are weights of 1 classes, and the output has 3", () => new EmpiricalRisk(model, new NegativeLogLikelihood(classWeights: [1]), inputs, classes).Value());
        Rejected.Saying(
            "there are weights of 2 classes' positive targets, and dimension 1 of the output has 3",
            () => new EmpiricalRisk(model, new BinaryCrossEntropyWithLogits(posWeight: [1, 2]), inputs, real).Value());
    }

    private static double Value(Loss loss, Tensor output, Tensor target) => loss.Value(output, target).item<double>();
}
