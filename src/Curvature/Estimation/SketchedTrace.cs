using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace of a symmetric matrix A of n rows by a sketch of its range: m products Aω_i with random vectors span a space with the orthonormal
/// basis Q, m others AQ tell the trace within it, and what is beyond the space is estimated.
/// </summary>
internal abstract class SketchedTrace : IProductMethod
{
    private readonly int _width;
    private readonly int[] _turns;
    private readonly List<double[]> _basis = [];
    private IReadOnlyList<double[]?>? _next;
    private int _turn;
    private int _taken;

    /// <param name="size">n, how many parameters there are.</param>
    /// <param name="width">Vectors that are multiplied at once; none of a turn is multiplied with one of another.</param>
    /// <param name="vectors">m, at least 1; no more than n are taken.</param>
    /// <param name="probes">Products of a third turn, which is left out where all of A is in the space; 0 for none.</param>
    /// <param name="seed">Of the random vectors.</param>
    private protected SketchedTrace(int size, int width, int vectors, int probes, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        (Size, Count, _width) = (size, Math.Min(size, vectors), width);
        IsExact = Count == size;
        _turns = [Count, Count, probes];
        Directions = new Directions(size, seed);
    }

    /// <summary>m.</summary>
    public int Count { get; }

    /// <summary>Whether all of A is in the space: it has n dimensions, or more than A's range.</summary>
    public bool IsExact { get; private set; }

    /// <inheritdoc/>
    public long Products { get; private set; }

    /// <inheritdoc/>
    public bool IsDone => _turn == (IsExact || _turns[2] == 0 ? 2 : 3);

    /// <inheritdoc/>
    public IReadOnlyList<double[]?> Next => _next ??= [.. Enumerable.Range(_taken, _width).Select(i => i < _turns[_turn] ? Vector(i) : null)];

    /// <summary>n.</summary>
    protected int Size { get; }

    /// <summary>Random ones.</summary>
    protected Directions Directions { get; }

    /// <summary>Q, as far as it is known.</summary>
    protected IReadOnlyList<double[]> Basis => _basis;

    /// <summary>tr(QᵀAQ), once all products with Q were taken.</summary>
    protected abstract double Within { get; }

    /// <summary>The trace, as each of the random vectors has it that tell what is beyond the space.</summary>
    protected abstract IEnumerable<double> Values();

    /// <inheritdoc/>
    public void Take(IReadOnlyList<double[]> products)
    {
        var vectors = Next;
        _next = null;
        for (int i = 0; i < vectors.Count; i++)
        {
            if (vectors[i] is not { } vector) continue;
            if (_turn == 0) Extend(vector, products[i]);
            else if (_turn == 1) TakeWithin(_taken, products[i]);
            else TakeBeyond(vector, products[i]);
            _taken++;
            Products++;
        }

        if (_taken == _turns[_turn]) (_turn, _taken) = (_turn + 1, 0);
    }

    /// <summary>The trace and its standard error; null before all products were taken.</summary>
    /// <param name="level">The confidence interval's level.</param>
    public TraceEstimate? Estimate(double level)
    {
        if (!IsDone) return null;
        if (IsExact) return new(Within, 0, Products, new(level, Within, Within), []) { IsExact = true };
        double[] values = [.. Values()];
        var moments = values.Aggregate(default(Moments), (moments, value) => moments.Add(value));
        return new(moments.Mean, moments.StandardError, Products, ConfidenceInterval.ForMean(moments, level), [])
        {
            DegreesOfFreedom = moments.Count - 1,
            Values = values,
        };
    }

    /// <summary>ω_i, of the length √n.</summary>
    protected double[] Random(int i)
    {
        double[] vector = Directions.Random(i);
        LongVectors.Scale(vector, Math.Sqrt(Size));
        return vector;
    }

    /// <summary>A probe of the third turn.</summary>
    protected virtual double[] Probe(int i) => throw new NotSupportedException();

    /// <summary>Takes ω_i, whose product was taken into the space.</summary>
    /// <param name="form">ω_iᵀAω_i.</param>
    /// <param name="along">The product's coordinates in the basis before it.</param>
    /// <param name="beside">Its length beside them; 0 where that is rounding.</param>
    protected virtual void TakeSketch(double form, double[] along, double beside)
    {
    }

    /// <summary>Takes Aq_i.</summary>
    protected abstract void TakeWithin(int i, double[] product);

    /// <summary>Takes the product of a probe.</summary>
    protected virtual void TakeBeyond(double[] probe, double[] product) => throw new NotSupportedException();

    private double[] Vector(int i) => _turn switch
    {
        0 => Random(i),
        1 => _basis[i],
        _ => Probe(i),
    };

    private void Extend(double[] vector, double[] product)
    {
        double form = LongVectors.Dot(vector, product), whole = LongVectors.Norm(product);
        double[] along = Directions.Orthogonalise(product, _basis);
        double beside = Directions.Straighten(product, whole, _basis);
        TakeSketch(form, along, beside);
        // A random vector's product that is nothing new: the others' are all there is, and any direction will do.
        IsExact |= beside == 0;
        _basis.Add(beside > 0 ? product : Directions.Beside(_basis));
    }
}
