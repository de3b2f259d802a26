using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data;

/// <summary>Looks for numbers among samples that are not finite.</summary>
/// <remarks>Which class numbers are right is for the loss to say: it may ignore one that is no class.</remarks>
/// <param name="data">The samples.</param>
/// <param name="start">The first one that is looked at.</param>
/// <param name="length">How many are.</param>
/// <param name="dtype">The computation's type.</param>
internal sealed class SampleCheck(Dataset data, long start, long length, ScalarType dtype)
{
    private const long PieceElements = 1 << 20;

    /// <exception cref="CurvatureException">There are some: the message has all kinds of them.</exception>
    public void Run()
    {
        var found = new List<string>();
        // Bytes are not looked through: no scale that has a use makes infinities of them.
        foreach (var input in data.Inputs.Where(input => !input.IsIndices && input.Dtype is not (ScalarType.Bool or ScalarType.Byte)))
            Look(found, input.Place, input.Shape, (first, count, type) => data.ReadInput(input, first, count, type));
        if (!data.TargetsAreClasses) Look(found, data.TargetsPlace, data.TargetShape, data.ReadTargets);

        if (found.Count > 0) throw new CurvatureException(string.Join(" ", found));
    }

    private void Look(
        List<string> found, string place, IReadOnlyList<long> shape, Func<long, long, ScalarType, Tensor> read)
    {
        long size = shape.Aggregate(1L, (product, length) => product * length);
        long piece = Math.Max(1, PieceElements / Math.Max(1, size));
        long count = 0;
        string first = "";
        for (long sample = start; sample < start + length && size > 0; sample += piece)
        {
            using var scope = NewDisposeScope();
            var numbers = read(sample, Math.Min(piece, start + length - sample), dtype);
            var bad = numbers.isfinite().logical_not();
            long badCount = bad.sum(ScalarType.Int64).item<long>();
            if (badCount > 0 && count == 0) first = Describe(numbers, bad, sample, size, shape);
            count += badCount;
        }

        if (count > 0)
            found.Add($"{place}: {count} NaN or infinite numbers in {length} samples; the first is {first}.");
    }

    private string Describe(Tensor numbers, Tensor bad, long sample, long size, IReadOnlyList<long> shape)
    {
        long element = bad.contiguous().bytes.IndexOf((byte)1);
        using var number = numbers.view(-1).narrow(0, element, 1);
        using var value = number.to(ScalarType.Float64);
        string index = shape.Count == 0 ? "" : $" at {ArrayShape.Text(Index(element % size, shape))}";
        return $"{value.item<double>()} in sample {data.Offset + sample + (element / size)}{index}, counted from 0";
    }

    private static long[] Index(long element, IReadOnlyList<long> shape)
    {
        long[] index = new long[shape.Count];
        for (int i = index.Length - 1; i >= 0; i--) (index[i], element) = (element % shape[i], element / shape[i]);
        return index;
    }
}
