using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data;

/// <summary>One of the arrays that a model takes, as it lies in a file, and what becomes of its numbers.</summary>
public sealed class DataInput
{
    private readonly StoredArray _array;
    private readonly ScalarType? _wanted;
    private readonly InputScale? _scale;
    private readonly MeanAndDeviation? _normalization;

    /// <param name="array">The array.</param>
    /// <param name="place">What messages call it.</param>
    /// <param name="wanted">What the model takes, Int64 or Bool; null for whatever the array's own numbers become.</param>
    /// <param name="options">Scale and normalisation.</param>
    internal DataInput(StoredArray array, string place, ScalarType? wanted, DatasetOptions options)
    {
        (_array, Place, _wanted) = (array, place, wanted);
        _normalization = MeanAndDeviation.Of(options);
        _scale = options.Scale ?? array.Scale;
        if (options.Scale is { IsRight: false } scale)
            throw new CurvatureException($"The scale of the inputs is {scale}: it {InputScale.Right}.");
        if (_wanted is { } kind)
        {
            if (options.Scale is not null || _normalization is not null)
                throw new CurvatureException($"{Place}: the model takes {Word(kind)} there, which are not scaled or normalised.");
            if (Dtype != ScalarType.Bool && !Dataset.IsInteger(Dtype))
                throw new CurvatureException($"{Place}: the model takes {Word(kind)} there, and the array is {Dtype}.");
        }

        if (_normalization is null || _scale is not null || Dtype is not ScalarType.Byte) return;
        throw new CurvatureException(
            $"{Place}: its inputs are bytes, and whether they are shades from 0 to 255 or from 0 to 1 that are to be "
            + "normalised, nothing says: say DatasetOptions.Scale 1/255 if x / 255 is to be normalised, as ToTensor and Normalize do, or "
            + "DatasetOptions.Scale 1 if x is.");
    }

    /// <summary>One sample's shape.</summary>
    public IReadOnlyList<long> Shape => [.. _array.Shape.Skip(1)];

    /// <summary>The type of the numbers in the file.</summary>
    public ScalarType Dtype => _array.Dtype;

    /// <summary>They are read as int64 or bool, rather than as numbers of the computation's type.</summary>
    public bool IsIndices => _wanted is not null || _scale is null && _normalization is null && Dataset.IsInteger(Dtype);

    /// <summary>What messages call the array.</summary>
    internal string Place { get; }

    /// <summary>How many samples the file holds.</summary>
    internal long StoredCount => _array.Shape[0];

    private static string Word(ScalarType kind) => kind == ScalarType.Bool ? "truth values" : "whole numbers";

    /// <summary>Some of the samples, on the CPU; the first is one of the file's.</summary>
    internal Tensor Read(long first, long count, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var stored = _array.Read(first, count);
        if (IsIndices) return stored.to(_wanted ?? ScalarType.Int64).MoveToOuterDisposeScope();

        var numbers = stored.to(dtype);
        _scale?.Apply(numbers);
        _normalization?.Apply(numbers);
        return numbers.MoveToOuterDisposeScope();
    }
}
