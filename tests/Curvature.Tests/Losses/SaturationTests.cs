using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using Reduction = ActorHutch.Curvature.Losses.Reduction;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>
/// First and second derivatives of the losses where probabilities are nearly 0 or 1, entry by entry, against closed forms in
/// which 1 − p is a sum and not a difference.
/// </summary>
public sealed class SaturationTests
{
    /// <summary>A score of 40 is rounded by 2e-6 in single precision, and its exponential by as much of itself.</summary>
    private const double Tolerance32 = 1e-5;

    /// <summary>Where a position is just not saturated, libtorch's difference 1 − p has lost 1e-16 of 1e-5, and some more.</summary>
    private const double Tolerance64 = 1e-9;

    private static readonly double[] Gaps = [0, 0.3, 2, 4, 5, 9, 13, 14, 17, 25, 40];

    public static TheoryData<string, ScalarType> Table()
    {
        var table = new TheoryData<string, ScalarType>();
        foreach (string loss in Entropies.Keys.Concat(["binary, mean", "binary, sum", "binary, sum, weighted"]))
        {
            table.Add(loss, ScalarType.Float32);
            table.Add(loss, ScalarType.Float64);
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public void Derivatives_keep_their_digits(string name, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var (loss, scores, target, exact) = name.StartsWith("binary", StringComparison.Ordinal)
            ? Binary(name.Contains("sum", StringComparison.Ordinal) ? Reduction.Sum : Reduction.Mean, name.EndsWith("weighted", StringComparison.Ordinal) ? [0.25, 3] : null, dtype)
            : Entropy(Entropies[name], dtype);
        double tolerance = dtype == ScalarType.Float32 ? Tolerance32 : Tolerance64;

        var z = scores.clone().requires_grad_();
        var gradient = Autograd.Gradients([loss.Value(z, target)], [z], createGraph: true)[0];
        Check(exact.Gradient, gradient.detach(), tolerance);
        long columns = scores.shape[^1], rows = scores.numel() / columns;
        for (int k = 0; k < columns; k++)
        {
            // Rows do not mix: one backward pass gives column k of every row's own Hessian.
            var weight = zeros_like(scores);
            using (no_grad()) weight.select(-1, k).FillWithOnes();
            var column = Autograd.Gradients([gradient], [z], [weight])[0];
            Check([.. Enumerable.Range(0, (int)rows).SelectMany(n => exact.Hessian[n][k])], column, tolerance);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void What_is_not_saturated_keeps_the_bits_of_libtorch(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var scores = new Numbers(3).Normal(40, 5).to(dtype);
        var target = new Numbers(4).Classes(5, 40);
        Tensor Gradient(Func<Tensor, Tensor> loss)
        {
            var z = scores.clone().requires_grad_();
            return Autograd.Gradients([loss(z)], [z])[0];
        }

        var expected = Gradient(z => nn.functional.cross_entropy(z, target));
        Assert.Equal(Dense.ToArray(expected), Dense.ToArray(Gradient(z => new CrossEntropy().Value(z, target))));
        Assert.Null(LogProbabilities.Of(scores));

        // One position among them that is: the others' derivatives are as they were.
        using (no_grad()) scores[0] = tensor(new[] { 40.0, 0, 1, 2, 3 }).to(dtype);
        expected = Gradient(z => nn.functional.cross_entropy(z, target));
        var actual = Gradient(z => new CrossEntropy().Value(z, target));
        Assert.Equal(Dense.ToArray(expected[TensorIndex.Slice(1)]), Dense.ToArray(actual[TensorIndex.Slice(1)]));
        using var logs = LogProbabilities.Of(scores);
        Assert.NotNull(logs);
    }

    /// <summary>Scores that libtorch has an answer to have the same one.</summary>
    [Theory]
    [InlineData(new[] { double.NaN, 0, 1 })]
    [InlineData(new[] { double.NegativeInfinity, 0, 60 })]
    [InlineData(new[] { 1e300, 0, -1e300 })]
    [InlineData(new[] { 50.0 })]
    public void Odd_scores_have_the_loss_that_they_had(double[] row)
    {
        using var scope = NewDisposeScope();
        var scores = tensor(row).unsqueeze(0);
        var target = tensor(new[] { row.Length - 1L });

        // Where libtorch says 0, it is e⁻⁶⁰.
        Assert.Equal(
            nn.functional.cross_entropy(scores, target).item<double>(), new CrossEntropy().Value(scores, target).item<double>(), 1e-25);
    }

    private static readonly Dictionary<string, EntropyCase> Entropies = new()
    {
        ["mean"] = new(),
        ["sum"] = new() { Reduction = Reduction.Sum },
        ["weighted, mean"] = new() { Weights = [0.5, 2, 3] },
        ["weighted, sum"] = new() { Weights = [0.5, 2, 3], Reduction = Reduction.Sum },
        ["smoothed"] = new() { Smoothing = 0.2 },
        ["weighted and smoothed, mean"] = new() { Smoothing = 0.3, Weights = [0.5, 2, 3] },
        ["weighted and smoothed, sum"] = new() { Smoothing = 0.3, Weights = [0.5, 2, 3], Reduction = Reduction.Sum },
        ["ignores"] = new() { Ignored = 4 },
        ["ignores with all options"] = new() { Ignored = 4, Smoothing = 0.3, Weights = [0.5, 2, 3] },
        ["probabilities"] = new() { Soft = true },
        ["probabilities, smoothed, sum"] = new() { Soft = true, Smoothing = 0.1, Reduction = Reduction.Sum },
        ["probabilities, weighted"] = new() { Soft = true, Weights = [0.5, 2, 3] },
        ["the samples' mean"] = new() { Reduction = Reduction.BatchMean, Weights = [0.5, 2, 3], Smoothing = 0.3 },
        ["sequences"] = new() { Length = 2 },
        ["sequences with all options"] = new() { Length = 2, Ignored = 4, Smoothing = 0.3, Weights = [0.5, 2, 3] },
        ["sequences, the samples' mean"] = new() { Length = 2, Ignored = 4, Reduction = Reduction.BatchMean },
        ["sequences of probabilities"] = new() { Length = 11, Soft = true, Smoothing = 0.1 },
    };

    private sealed record EntropyCase
    {
        public Reduction Reduction { get; init; }

        public double[]? Weights { get; init; }

        public double Smoothing { get; init; }

        /// <summary>Every so many-th position counts for nothing; 0 for none.</summary>
        public int Ignored { get; init; }

        public bool Soft { get; init; }

        /// <summary>So many positions a sample, <c>[N, T, C]</c>; 0 for <c>[N, C]</c>.</summary>
        public int Length { get; init; }
    }

    private sealed record Exact(double[] Gradient, double[][][] Hessian);

    private static (Loss Loss, Tensor Scores, Tensor Target, Exact Exact) Entropy(EntropyCase given, ScalarType dtype)
    {
        // Each gap with the most probable class, and another one, as the target.
        var rows = Gaps.SelectMany(gap => new[] { (gap, 0), (gap, 1) }).ToArray();
        double[][] scores = [.. rows.Select(row => Single([row.gap, 0, -0.4]))];
        long[] classes = [.. rows.Select((row, n) => given.Ignored > 0 && n % given.Ignored == 1 ? -100L : row.Item2)];
        double[] weights = given.Weights ?? [1, 1, 1];
        var t = classes.Select((y, n) => Enumerable.Range(0, 3).Select(k =>
            y < 0 ? 0 : weights[k] * ((1 - given.Smoothing) * Hard(y, n, k) + given.Smoothing / 3)).ToArray()).ToArray();
        double total = given.Reduction == Reduction.Sum ? 1
            : given.Reduction == Reduction.BatchMean ? rows.Length / Math.Max(1, given.Length)
            : given.Soft ? rows.Length : classes.Where(y => y >= 0).Sum(y => weights[y]);

        // Half of the soft targets are certain.
        double Hard(long y, int n, int k) =>
            given.Soft && n % 4 == 3 ? new[] { 0.7, 0.2, 0.1 }[k] : k == y ? 1 : 0;

        var target = given.Soft
            ? Tensors([.. classes.Select((y, n) => Enumerable.Range(0, 3).Select(k => Hard(y, n, k)).ToArray())], dtype)
            : tensor(classes);
        var loss = new CrossEntropy(given.Reduction, given.Weights, given.Smoothing, classDimension: given.Length > 0 ? -1 : 1);
        var exact = scores.Zip(t, (z, own) =>
        {
            var (p, rest) = Softmax(z);
            double all = own.Sum();
            double[] gradient = [.. own.Select((weight, k) =>
                (p[k] < 0.5 ? all * p[k] - weight : own.Where((_, j) => j != k).Sum() - all * rest[k]) / total)];
            double[][] hessian = [.. p.Select((_, j) => p.Select((_, k) => (j == k ? all * p[k] * rest[k] : -all * p[j] * p[k]) / total).ToArray())];
            return (gradient, hessian);
        }).ToArray();
        return (loss, InSequences(Tensors(scores, dtype)), InSequences(target),
            new Exact([.. exact.SelectMany(row => row.gradient)], [.. exact.Select(row => row.hessian)]));

        Tensor InSequences(Tensor rows) => given.Length == 0 ? rows : rows.view([-1, given.Length, .. rows.shape[1..]]);
    }

    private static (Loss Loss, Tensor Scores, Tensor Target, Exact Exact) Binary(Reduction reduction, double[]? weights, ScalarType dtype)
    {
        double[][] scores = [.. Gaps.SelectMany(gap => new[] { Single([gap, gap]), Single([-gap, -gap]) })];
        double[][] targets = [.. scores.Select((_, n) => n % 6 > 3 ? new[] { 1.0, 0.25 } : [1, 0])];
        double total = reduction == Reduction.Sum ? 1 : 2 * scores.Length;
        double[] p = weights ?? [1, 1];
        static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));
        return (new BinaryCrossEntropyWithLogits(reduction, weights), Tensors(scores, dtype), Tensors(targets, dtype), new Exact(
            [.. scores.SelectMany((z, n) => z.Select((one, k) => ((1 - targets[n][k]) * Sigmoid(one) - p[k] * targets[n][k] * Sigmoid(-one)) / total))],
            [.. scores.Select((z, n) => z.Select((one, j) => z.Select((_, k) => j != k ? 0
                : (1 + (p[k] - 1) * targets[n][k]) * Sigmoid(one) * Sigmoid(-one) / total).ToArray()).ToArray())]));
    }

    /// <summary>p, and 1 − p as the sum of the others.</summary>
    private static (double[] P, double[] Others) Softmax(double[] z)
    {
        double[] e = [.. z.Select(one => Math.Exp(one - z.Max()))];
        return ([.. e.Select(one => one / e.Sum())], [.. e.Select((_, k) => e.Where((_, j) => j != k).Sum() / e.Sum())]);
    }

    private static double[] Single(double[] values) => [.. values.Select(value => (double)(float)value)];

    private static Tensor Tensors(double[][] rows, ScalarType dtype) =>
        tensor([.. rows.SelectMany(row => row)], [rows.Length, rows[0].Length]).to(dtype);

    /// <summary>Each entry relative to itself, but for what underflows.</summary>
    private static void Check(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = Dense.ToArray(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++) Near.Absolute(expected[i], values[i], tolerance * Math.Abs(expected[i]) + 1e-36);
    }
}
