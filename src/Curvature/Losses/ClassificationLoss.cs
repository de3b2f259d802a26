using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// A loss of one number for each class, <c>[N, C, …]</c>, with a class number for each position, <c>[N, …]</c> (int64 or uint8).
/// The classes may be in another dimension, as in <c>[N, T, C]</c>.
/// </summary>
public abstract class ClassificationLoss : Loss
{
    /// <summary>The class number that counts for nothing where nobody names another, as in PyTorch.</summary>
    public const long DefaultIgnoreIndex = -100;

    private readonly IReadOnlyList<double>? _classWeights;
    private readonly long _classDimension;

    private protected ClassificationLoss(
        string called, Reduction reduction, IReadOnlyList<double>? classWeights, long ignoreIndex, long classDimension)
        : base(reduction)
    {
        (Called, _classWeights, IgnoreIndex, _classDimension) = (called, classWeights, ignoreIndex, classDimension);
    }

    /// <summary>Positions with this class number count for nothing.</summary>
    private protected long IgnoreIndex { get; }

    /// <summary>What messages call it: <c>a cross-entropy</c>.</summary>
    private protected string Called { get; }

    /// <inheritdoc/>
    public sealed override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch takes other types for some shapes and options, and computes in the coarser one of both.
        var converted = target.to(AreClasses(target) ? ScalarType.Int64 : output.dtype);
        int place = Place(output);
        return Averaged(Reduced(Positions(output, place), TargetPositions(converted, place), Weights(output)), output);
    }

    /// <inheritdoc/>
    public sealed override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        long[] shape = output.shape;
        if (shape.Length < 2)
            return $"{Both(output, target)}; {Called} takes a number for each class, so the output must be [N, C, …]";
        if (ClassDimension.Of(_classDimension, shape.Length) is not { } place) return ClassDimension.Missing(_classDimension, output);
        if (_classWeights is not null && _classWeights.Count != shape[place])
            return $"{Both(output, target)}; there are weights of {_classWeights.Count} classes, and the output has {shape[place]}";

        long[] positions = [.. shape.Where((_, dimension) => dimension != place)];
        bool fits = target.is_floating_point()
            ? TakesProbabilities && target.shape.SequenceEqual(shape)
            : AreClasses(target) && target.shape.SequenceEqual(positions);
        if (!fits)
        {
            string also = TakesProbabilities
                ? $", or probabilities of the {shape[place]} classes, {TensorText.Describe(output.dtype, shape)}" : "";
            string hint = AreClasses(target) && target.shape.SequenceEqual(shape.SkipLast(1))
                ? ". Where the classes are in the last dimension, say classDimension last" : "";
            return $"{Both(output, target)}; for {Called} the targets must be class numbers, "
                + $"{TensorText.Describe(ScalarType.Int64, positions)}{also}{hint}";
        }

        return !target.is_floating_point() || IgnoreIndex < 0
            ? null
            : $"{Both(output, target)}; probabilities have no class number {IgnoreIndex} to ignore";
    }

    /// <inheritdoc/>
    public sealed override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        // Targets that are probabilities, [N, C, …], are averaged over their positions.
        if (!AreClasses(target))
            return target.numel() / (ClassDimension.Of(_classDimension, target.dim()) is { } place ? (double)target.shape[place] : 1);

        using var scope = NewDisposeScope();
        var (classes, isCounted) = Counted(target);
        if (Weights(ScalarType.Float64, target.device) is not { } weights) return isCounted.sum().item<long>();
        return (weights.index_select(0, classes.flatten()).view(target.shape) * isCounted).sum().item<double>();
    }

    /// <inheritdoc/>
    public sealed override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputShape);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        if (!AreClasses(target))
        {
            return (target.lt(none).MoveToOuterDisposeScope(),
                "must be class numbers, or probabilities of the classes, which are not negative");
        }

        long count = outputShape[ClassDimension.Of(_classDimension, outputShape.Count)!.Value];
        using TorchSharp.Scalar end = count;
        var (classes, isCounted) = Counted(target);
        var outside = classes.lt(none).logical_or(classes.ge(end)).logical_and(isCounted);
        return (outside.MoveToOuterDisposeScope(),
            $"must be class numbers from 0 to {count - 1}, since the model's output has {count} classes, or "
            + $"{IgnoreIndex}, which is ignored (ignoreIndex)");
    }

    /// <inheritdoc/>
    public sealed override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = NewDisposeScope();
        int place = Place(output);
        var converted = target.to(AreClasses(target) ? ScalarType.Int64 : output.dtype);
        var (positions, wanted) = (Positions(output, place), TargetPositions(converted, place));
        return Linearized(positions, wanted, Weights(output), output.shape[0], place);
    }

    /// <summary>Whether targets may be probabilities of the classes.</summary>
    private protected virtual bool TakesProbabilities => false;

    /// <summary>The mean as PyTorch weighs it, or the sum.</summary>
    /// <param name="output">z, <c>[M, C, …]</c>.</param>
    /// <param name="target">Class numbers <c>[M, …]</c>, or probabilities, <c>[M, C, …]</c>.</param>
    /// <param name="weights"><c>[C]</c>; null for ones.</param>
    private protected abstract Tensor Reduced(Tensor output, Tensor target, Tensor? weights);

    /// <summary>∇²ℓ; for use inside the current scope.</summary>
    /// <param name="output">As above.</param>
    /// <param name="target">As above.</param>
    /// <param name="weights">As above.</param>
    /// <param name="samples">N.</param>
    /// <param name="place">The dimension of the classes in the model's output.</param>
    private protected abstract LossCurvature Linearized(Tensor output, Tensor target, Tensor? weights, long samples, int place);

    /// <summary>The types that PyTorch takes class numbers in.</summary>
    private protected static bool AreClasses(Tensor target) => target.dtype is ScalarType.Int64 or ScalarType.Byte;

    /// <summary>The classes, 0 in the place of an ignored one, and which of them count.</summary>
    private protected (Tensor Classes, Tensor IsCounted) Counted(Tensor target)
    {
        using TorchSharp.Scalar ignored = IgnoreIndex;
        // A comparison in uint8 would take −100 for 156.
        var classes = target.to(ScalarType.Int64);
        var isCounted = classes.ne(ignored);
        return (classes * isCounted, isCounted);
    }

    /// <summary>
    /// <c>[N, C, …]</c> as it is; of any other order, a row for each position, <c>[M, C]</c>, which is a view where the classes are
    /// in the last dimension.
    /// </summary>
    /// <param name="output">One of both.</param>
    /// <param name="place">The dimension of the classes.</param>
    /// <param name="first">The dimension of the samples.</param>
    private protected static Tensor Positions(Tensor output, int place, int first = 0)
    {
        if (place == 1) return output;
        using var last = output.movedim([first + place], [-1]);
        return last.flatten(first, -2);
    }

    private static Tensor TargetPositions(Tensor target, int place) =>
        place == 1 ? target : AreClasses(target) ? target.flatten() : Positions(target, place);

    private int Place(Tensor output) => ClassDimension.Of(_classDimension, output.dim())
        ?? throw new ArgumentException($"{ClassDimension.Missing(_classDimension, output)}.");

    private Tensor? Weights(Tensor like) => Weights(like.dtype, like.device);

    private Tensor? Weights(ScalarType dtype, Device device) =>
        _classWeights is null ? null : tensor([.. _classWeights], ScalarType.Float64).to(dtype, device);
}
