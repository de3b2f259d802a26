using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data;

/// <summary>Looks for numbers among samples that no computation can use.</summary>
/// <param name="data">The samples.</param>
/// <param name="dtype">The computation's type.</param>
internal sealed class SampleCheck(Dataset data, ScalarType dtype)
{
    private const long PieceElements = 1 << 20;

    /// <exception cref="CurvatureException">There are some: the message has all kinds of them.</exception>
    public void Run()
    {
        var found = new List<string>();
        bool areFinite = data.InputsAreIndices || data.InputDtype is ScalarType.Bool or ScalarType.Byte;
        if (!areFinite)
            Look(found, data.InputsPlace, data.InputShape, data.ReadInputs, NotFinite, "NaN or infinite numbers");
        if (data.TargetsAreClasses)
            Look(found, data.TargetsPlace, data.TargetShape, data.ReadTargets, Negative, "negative classes");
        else
            Look(found, data.TargetsPlace, data.TargetShape, data.ReadTargets, NotFinite, "NaN or infinite numbers");

        if (found.Count > 0) throw new CurvatureException(string.Join(" ", found));
    }

    private void Look(
        List<string> found, string place, IReadOnlyList<long> shape, Func<long, long, ScalarType, Tensor> read,
        Func<Tensor, Tensor> isBad, string kind)
    {
        long size = shape.Aggregate(1L, (product, length) => product * length);
        long piece = Math.Max(1, PieceElements / Math.Max(1, size));
        long count = 0;
        string first = "";
        for (long sample = 0; sample < data.SampleCount && size > 0; sample += piece)
        {
            using var scope = NewDisposeScope();
            var numbers = read(sample, Math.Min(piece, data.SampleCount - sample), dtype);
            var bad = isBad(numbers);
            long badCount = bad.sum(ScalarType.Int64).item<long>();
            if (badCount > 0 && count == 0) first = Describe(numbers, bad, sample, size, shape);
            count += badCount;
        }

        if (count > 0) found.Add($"{place}: {count} {kind} in {data.SampleCount} samples; the first is {first}.");
    }

    private string Describe(Tensor numbers, Tensor bad, long sample, long size, IReadOnlyList<long> shape)
    {
        long element = bad.contiguous().bytes.IndexOf((byte)1);
        using var number = numbers.view(-1).narrow(0, element, 1);
        using var wide = number.to(number.dtype is ScalarType.Int64 ? ScalarType.Int64 : ScalarType.Float64);
        string value = wide.dtype is ScalarType.Int64 ? $"{wide.item<long>()}" : $"{wide.item<double>()}";
        string index = shape.Count == 0 ? "" : $" at {ArrayShape.Text(Index(element % size, shape))}";
        return $"{value} in sample {data.Offset + sample + (element / size)}{index}, counted from 0";
    }

    private static long[] Index(long element, IReadOnlyList<long> shape)
    {
        long[] index = new long[shape.Count];
        for (int i = index.Length - 1; i >= 0; i--) (index[i], element) = (element % shape[i], element / shape[i]);
        return index;
    }

    private static Tensor NotFinite(Tensor numbers) => numbers.isfinite().logical_not();

    private static Tensor Negative(Tensor classes)
    {
        using var zero = zeros([], ScalarType.Int64);
        return classes.lt(zero);
    }
}
