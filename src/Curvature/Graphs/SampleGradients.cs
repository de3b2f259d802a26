using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>
/// The gradients of P lanes by one parameter, or by something made of parameters alone, for each sample by itself: what one
/// operation that uses it contributes, or several.
/// </summary>
/// <remarks>
/// What is asked for is their squares, and those seldom need the gradients themselves. Tensors live as long as the current
/// scope.
/// </remarks>
internal abstract class SampleGradients
{
    /// <summary>Gradients that can be added up without being made explicit have equal ones.</summary>
    protected abstract object Kind { get; }

    /// <summary>‖g‖² of each lane and sample, <c>[P, N]</c>.</summary>
    public abstract Tensor SquaredNorms();

    /// <summary>Σ_n g_n² of each lane, entry by entry, <c>[P, *shape]</c>. Default: of gradients that are made explicit, some samples at a time.</summary>
    /// <param name="samples">N.</param>
    public virtual Tensor Squares(long samples)
    {
        Tensor? sum = null;
        for (long first = 0, most = 1; first < samples; first += most)
        {
            using var scope = NewDisposeScope();
            if (sum is not null) most = Math.Max(1, ExplicitBytes / (sum.numel() * sum.element_size()));
            most = Math.Min(most, samples - first);
            var squares = Explicit(first, most).Squared().sum(1, type: ScalarType.Float64);
            sum = (sum is null ? squares : sum.PlusInPlace(squares)).MoveToOuterDisposeScope();
        }

        return sum!;
    }

    /// <summary>What explicit gradients of some samples may take.</summary>
    private const long ExplicitBytes = 32L << 20;

    /// <summary>The gradients of some samples, <c>[P, count, *shape]</c>.</summary>
    /// <param name="first">The first sample.</param>
    /// <param name="count">How many.</param>
    public abstract Tensor Explicit(long first, long count);

    /// <summary>The sums of what several uses contribute, as few of them as can be had without making any explicit.</summary>
    public static IReadOnlyList<SampleGradients> Joined(IReadOnlyList<SampleGradients> uses) => uses.Count == 1
        ? uses
        : [.. uses.GroupBy(use => use.Kind).Select(same => same.Count() == 1 ? same.First() : same.First().Sum([.. same]))];

    /// <summary>The sum of gradients of this one's kind, itself among them.</summary>
    protected abstract SampleGradients Sum(IReadOnlyList<SampleGradients> same);
}

/// <summary>Gradients as they are.</summary>
/// <param name="gradients"><c>[P, N, *shape]</c>.</param>
internal sealed class ExplicitGradients(Tensor gradients) : SampleGradients
{
    /// <inheritdoc/>
    protected override object Kind => typeof(ExplicitGradients);

    /// <inheritdoc/>
    public override Tensor SquaredNorms() => gradients.dim() == 2
        ? gradients.Squared()
        : gradients.Squared().sum([.. Enumerable.Range(2, (int)gradients.dim() - 2).Select(d => (long)d)]);

    /// <inheritdoc/>
    public override Tensor Explicit(long first, long count) => gradients.narrow(1, first, count);

    /// <inheritdoc/>
    protected override SampleGradients Sum(IReadOnlyList<SampleGradients> same) => new ExplicitGradients(
        same.Cast<ExplicitGradients>().Select(one => one.Explicit(0, gradients.shape[1])).Aggregate((sum, next) => sum.Plus(next)));
}

/// <summary>
/// Gradients of a table of rows that are looked up by number: the adjoint of each position, added to the row of its number.
/// </summary>
/// <param name="adjoints"><c>[P, N, T, width]</c>, 0 at positions that do not count.</param>
/// <param name="numbers"><c>[N, T]</c>, int64.</param>
/// <param name="rows">How many rows the table has.</param>
internal sealed class RowGradients(Tensor adjoints, Tensor numbers, long rows) : SampleGradients
{
    /// <inheritdoc/>
    protected override object Kind => typeof(RowGradients);

    /// <inheritdoc/>
    public override Tensor SquaredNorms()
    {
        // Rows with one number are added up at the first position that has it.
        var first = FirstPlaces(numbers).unsqueeze(0).unsqueeze(-1).expand_as(adjoints);
        return zeros_like(adjoints).scatter_add_(2, first, adjoints).Squared().sum([2, 3]);
    }

    /// <inheritdoc/>
    public override Tensor Explicit(long first, long count)
    {
        var given = adjoints.narrow(1, first, count);
        long[] shape = given.shape;
        var places = numbers.narrow(0, first, count).unsqueeze(0).unsqueeze(-1).expand_as(given);
        return zeros([shape[0], count, rows, shape[3]], given.dtype, given.device).scatter_add_(2, places, given);
    }

    /// <inheritdoc/>
    protected override SampleGradients Sum(IReadOnlyList<SampleGradients> same) => new RowGradients(
        cat([.. same.Cast<RowGradients>().Select(one => one.Adjoints)], 2), cat([.. same.Cast<RowGradients>().Select(one => one.Numbers)], 1), rows);

    private Tensor Adjoints => adjoints;

    private Tensor Numbers => numbers;

    /// <summary>For each position of a sample, the first one with its number.</summary>
    /// <param name="numbers"><c>[N, T]</c>.</param>
    /// <returns><c>[N, T]</c>, int64.</returns>
    public static Tensor FirstPlaces(Tensor numbers)
    {
        using TorchSharp.Scalar none = numbers.shape[1];
        var place = arange(none, ScalarType.Int64, numbers.device);
        var same = numbers.unsqueeze(2) == numbers.unsqueeze(1);
        return where(same, place, full_like(place, none)).amin(2);
    }
}
