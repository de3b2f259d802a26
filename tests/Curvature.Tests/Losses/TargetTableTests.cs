using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>
/// Every loss with targets of every type and of many shapes, for outputs of many shapes, whole and in ragged
/// micro-batches: what fits is right, and everything else is refused in words by whatever looks at it first.
/// </summary>
public sealed class TargetTableTests
{
    private const int N = 4;

    /// <summary>Sums of a few dozen float32 terms of order 1.</summary>
    private const double Tolerance = 1e-5;

    private static readonly ScalarType[] Types =
    [
        ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16,
        ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.ComplexFloat32,
    ];

    private static readonly Dictionary<string, Func<Loss>> Losses = new()
    {
        ["cross-entropy"] = () => new CrossEntropy(),
        ["weighted cross-entropy"] = () => new CrossEntropy(classWeights: [0.5, 2, 1], labelSmoothing: 0.1),
        ["cross-entropy that ignores a class"] = () => new CrossEntropy(ignoreIndex: 0),
        ["squared error"] = () => new MeanSquaredError(),
        ["cross-entropy, classes last"] = () => new CrossEntropy(classDimension: -1),
        ["negative log-likelihood"] = () => new NegativeLogLikelihood(),
        ["binary cross-entropy"] = () => new BinaryCrossEntropyWithLogits(),
        ["KL divergence"] = () => new KullbackLeiblerDivergence(),
    };

    /// <summary>Models by their output's shape, and a sample's shape.</summary>
    private static readonly (string Output, Func<nn.Module<Tensor, Tensor>> Model, long[] Sample)[] Models =
    [
        ("4", () => nn.Sequential(nn.Linear(2, 1), nn.Flatten(0)), [2]),
        ("4,1", () => nn.Linear(2, 1), [2]),
        ("4,3", () => nn.Linear(2, 3), [2]),
        ("4,3,2", () => nn.Conv1d(1, 3, 2), [1, 3]),
        ("4,3,2,2", () => nn.Conv2d(1, 3, 2), [1, 3, 3]),
    ];

    private static readonly long[][] Shapes =
        [[N], [N, 1], [N, 3], [N, 2], [N, 3, 2], [N, 1, 1], [N, 2, 2], [N, 3, 2, 2], [N - 1], [N + 1, 3], []];

    public static readonly TheoryData<string, ScalarType> Table = new(
        from loss in Losses.Keys
        from type in Types
        select (loss, type));

    [Theory, MemberData(nameof(Table))]
    public void What_fits_is_right_and_all_else_is_refused_in_words(string name, ScalarType type)
    {
        foreach (var (output, make, sample) in Models)
        {
            foreach (long[] shape in Shapes)
            {
                using var scope = NewDisposeScope();
                using var model = make();
                var loss = Losses[name]();
                var inputs = linspace(-1, 1, N * sample.Aggregate(1L, (product, size) => product * size)).view([N, .. sample]);
                // 0 and 1: classes, and probabilities, and numbers that every type has.
                var targets = arange(shape.Aggregate(1L, (product, size) => product * size), ScalarType.Int64)
                    .bitwise_and(tensor(1L)).view(shape).to(type);
                bool fits = Fits(name, type, output, string.Join(',', shape));
                string place = $"{name}, output [{output}], targets {type}[{string.Join(',', shape)}]";

                string? refusal = Refusal(place, () => Look(name, model, loss, inputs, targets, fits));
                Assert.True(fits == refusal is null, $"{place}: {(fits ? "fits, and is refused: " + refusal : "does not fit, and is taken")}");
            }
        }
    }

    [Fact]
    public void One_dimensional_reals_for_a_cross_entropy_are_told_what_is_right()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        Rejected.Saying(
            "the model's output is Float32[3, 3] and the targets are Float32[3]; for a cross-entropy the targets must be class "
            + "numbers, Int64[3], or probabilities of the 3 classes, Float32[3, 3].",
            new MicroBatchedRisk(model, new CrossEntropy(), new TensorSamples(ones(10, 2), ones(10)), 3).CheckSamples);
    }

    /// <summary>What must be right: no more, and no less.</summary>
    private static bool Fits(string loss, ScalarType type, string output, string target)
    {
        bool isReal = type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
        if (Losses[loss]() is ElementwiseLoss) return target == output && isReal;
        if (output is "4" || (loss is "weighted cross-entropy" && output is "4,1")) return false;
        if (isReal) return target == output && loss is not ("cross-entropy that ignores a class" or "negative log-likelihood");
        if (loss is "cross-entropy, classes last")
        {
            int last = output.LastIndexOf(',');
            // 0 and 1 are classes where there are two or more.
            return type is ScalarType.Int64 or ScalarType.Byte && target == output[..last] && output[(last + 1)..] is not "1";
        }

        // With one class, class 1 is none.
        return output is not "4,1" && type is ScalarType.Int64 or ScalarType.Byte && target == output.Replace("4,3", "4", StringComparison.Ordinal);
    }

    /// <summary>Whatever can look at targets first, each for itself, so that no other look protects it.</summary>
    private static void Look(string name, nn.Module<Tensor, Tensor> model, Loss loss, Tensor inputs, Tensor targets, bool fits)
    {
        Action[] looks =
        [
            () => Pieces().CheckSamples(), () => Pieces().Value(), () => Pieces().CheckDeterminism(), () => _ = Pieces().Mixing,
            () => Whole().Value(), () => Whole().CheckDeterminism(),
            .. Ways.SelectMany(way => (Action[])
            [
                () => QuadraticForms.Create(Pieces(), way).Dispose(), () => QuadraticForms.Create(Whole(), way).Dispose(),
            ]),
        ];
        string?[] refusals = [.. looks.Select(look => Refusal("", look))];
        if (!fits)
        {
            // One of these comes first, and what comes then must not end in anything else.
            if (refusals[0] is null || refusals[4] is null) return;
            throw new CurvatureException(refusals[0]!);
        }

        if (refusals[..6].FirstOrDefault(refusal => refusal is not null) is { } refused) throw new CurvatureException(refused);
        double expected = Expected(name, model, loss, inputs, targets);
        Near.Absolute(expected, Whole().Value(), Tolerance * (1 + Math.Abs(expected)));
        Near.Absolute(expected, Pieces().Value(), Tolerance * (1 + Math.Abs(expected)));
        using var whole = QuadraticForms.Create(Whole());
        using var pieces = QuadraticForms.Create(Pieces());
        Near.Relative(whole.Evaluate(0, 2).Values, pieces.Evaluate(0, 2).Values, 1e-4);

        EmpiricalRisk Whole() => new(model, loss, inputs, targets);
        MicroBatchedRisk Pieces() => new(model, loss, new TensorSamples(inputs, targets), 3);
    }

    private static IEnumerable<CurvatureOptions?> Ways =>
    [
        null, new() { ProbeSpace = ProbeSpace.Output }, new() { Method = CurvatureMethod.Hmp },
        new() { Method = CurvatureMethod.Autodiff, Matrix = CurvatureMatrix.Ggn },
    ];

    /// <summary>The loss by its definition, in float64.</summary>
    private static double Expected(string name, nn.Module<Tensor, Tensor> model, Loss loss, Tensor inputs, Tensor targets)
    {
        using var noGrad = no_grad();
        var z = model.call(inputs).to(ScalarType.Float64);
        var y = targets.to(ScalarType.Float64);
        switch (loss)
        {
            case MeanSquaredError:
                return (z - y).square().mean().item<double>();
            case KullbackLeiblerDivergence:
                // Of 0 and 1: y log y is 0.
                return (y * z).neg().mean().item<double>();
            case NegativeLogLikelihood:
                return z.gather(1, targets.to(ScalarType.Int64).unsqueeze(1)).neg().mean().item<double>();
            case BinaryCrossEntropyWithLogits:
                return (y * z.neg().exp().log1p() + (1 - y) * z.exp().log1p()).mean().item<double>();
            default:
                if (name is "cross-entropy, classes last") (z, y) = (z.movedim([-1], [1]), y.dim() == z.dim() ? y.movedim([-1], [1]) : y);
                // What the table's losses have: weights with smoothing, or an ignored class.
                var logs = z.log_softmax(1);
                bool weighted = ReferenceEquals(loss.GetType(), typeof(CrossEntropy)) && loss.Weight(zeros(1, ScalarType.Int64)) == 0.5;
                bool ignores = loss.Weight(zeros(1, ScalarType.Int64)) == 0;
                double smoothing = weighted ? 0.1 : 0;
                long classes = z.shape[1];
                var weights = weighted ? tensor(new[] { 0.5, 2, 1 }) : ones(classes, ScalarType.Float64);
                var shape = new long[] { 1, classes }.Concat(Enumerable.Repeat(1L, (int)z.dim() - 2)).ToArray();
                bool areClasses = !targets.is_floating_point();
                var one = areClasses ? nn.functional.one_hot(targets.to(ScalarType.Int64), classes).movedim([-1], [1]).to(ScalarType.Float64) : y;
                var smooth = one * (1 - smoothing) + smoothing / classes;
                var each = (smooth * logs * weights.view(shape)).sum(1).neg();
                var counted = !areClasses ? ones_like(each)
                    : (one * weights.view(shape)).sum(1) * (ignores ? y.ne(0).to(ScalarType.Float64) : ones_like(y));
                var sum = ignores ? (each * y.ne(0).to(ScalarType.Float64)).sum() : each.sum();
                return loss.Reduction == Reduction.Sum ? sum.item<double>() : (sum / counted.sum()).item<double>();
        }
    }

    /// <summary>Why something is refused; null where it is not. Nothing but a CurvatureException is a refusal.</summary>
    private static string? Refusal(string place, Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (CurvatureException error)
        {
            return error.Message;
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{place}: {error.GetType().Name}: {error.Message}", error);
        }
    }
}
