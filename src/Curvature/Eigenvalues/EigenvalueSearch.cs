namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>The outermost eigenvalues of a symmetric matrix that is known by its products alone.</summary>
/// <remarks>
/// A Krylov space contains one vector of each eigenvalue, however often it is there. So once all that is wanted has converged, the search begins
/// anew from random vectors orthogonal to it, until the outermost of what is left is known to lie further inside; an eigenvalue that is there
/// ten times is found ten times. At the end each vector is multiplied once more, so that residuals are measured and not inferred.
/// </remarks>
internal sealed class EigenvalueSearch : IProductMethod
{
    /// <summary>Vectors beside those that are wanted: fewer cost more products, and more cost memory.</summary>
    private const int Spare = 24;

    /// <summary>
    /// The outermost Ritz value of what is left need not be known better than this share of the width of what is left, where it is known to
    /// lie further inside than what is wanted.
    /// </summary>
    private const double Known = 0.01;

    /// <summary>Products that a look at what is left takes at least: a vector that was all but missed needs some to show.</summary>
    private const int LeastLook = 8;

    /// <summary>The recurrence's residuals and those that are measured differ by rounding.</summary>
    private const double Margin = 0.5;

    private readonly int _wanted;
    private readonly SpectrumEnd _end;
    private readonly int _width;
    private readonly double _tolerance;
    private readonly long _most;
    private readonly int _capacity;
    private KrylovSpace? _space;
    private IReadOnlyList<RitzPair> _pairs = [];
    private double[]? _settled;
    private double[][]? _final;
    private readonly List<Eigenvalue> _measured = [];
    private double _scale;

    /// <param name="size">How many parameters there are.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="width">Vectors that are multiplied at once.</param>
    /// <param name="most">Products at most.</param>
    public EigenvalueSearch(int size, EigenvalueOptions options, int width, long most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        (_end, _width, _tolerance, _most) = (options.End, width, options.Tolerance, most);
        _wanted = (int)Math.Min(_end == SpectrumEnd.Both ? 2L * options.Count : options.Count, size);
        _capacity = 2 * _wanted + Spare + width;
        _space = new KrylovSpace(size, width, options.Seed);
    }

    /// <inheritdoc/>
    public long Products { get; private set; }

    /// <inheritdoc/>
    public bool IsDone => _final is not null && _measured.Count == _wanted;

    /// <inheritdoc/>
    public IReadOnlyList<double[]?> Next => _final is null
        ? _space!.Next
        : [.. Enumerable.Range(_measured.Count, _width).Select(i => i < _wanted ? _final[i] : null)];

    /// <summary>What is known by now; null where nothing is.</summary>
    public EigenvalueEstimate? Estimate
    {
        get
        {
            double tolerance = _tolerance * _scale;
            if (IsDone) return new EigenvalueEstimate(_measured, Products, tolerance, IsMeasured: true) { Vectors = _final };
            var found = Wanted();
            return found.Count == 0 ? null : new EigenvalueEstimate([.. found.Reverse().Select(pair => new Eigenvalue(pair.Value, pair.Residual))], Products, tolerance, IsMeasured: false);
        }
    }

    /// <inheritdoc/>
    public void Take(IReadOnlyList<double[]> products)
    {
        Products += _width;
        if (_final is not null)
        {
            for (int i = 0; i < _width && _measured.Count < _wanted; i++) Measure(_final[_measured.Count], products[i]);
            return;
        }

        _space!.Expand(products);
        _pairs = _space.Pairs();
        _scale = Math.Max(Math.Abs(_pairs[0].Value), Math.Abs(_pairs[^1].Value));
        // The last look at each vector takes products too.
        bool isLast = Products + _width + (_wanted + _width - 1) / _width * _width > _most;
        if (_space.IsWhole || (isLast && _pairs.Count >= _wanted)) Finish();
        else if (Wanted() is var wanted && wanted.Count == _wanted && wanted.All(HasConverged)) Look(wanted);
        else if (_space.Count + _width > _capacity) _space.Restart(Worthwhile(), beginsAnew: false);
    }

    private bool HasConverged(RitzPair pair) => pair.Residual <= Margin * _tolerance * _scale;

    /// <summary>Whether there is more of what is wanted where nobody has looked yet.</summary>
    private void Look(IReadOnlyList<RitzPair> wanted)
    {
        double[] values = [.. wanted.Select(pair => pair.Value)];
        if (_settled is not null)
        {
            RitzPair[] left = [.. _pairs.Except(wanted)];
            double width = left.Length == 0 ? 0 : left[^1].Value - left[0].Value;
            bool looked = left.Length >= LeastLook && Outermost(left, 1).All(
                pair => HasConverged(pair) || (pair.Residual <= Known * width && wanted.All(other => Math.Abs(other.Value - pair.Value) > pair.Residual)));
            if (!looked)
            {
                if (_space!.Count + _width > _capacity) _space.Restart(Worthwhile(), beginsAnew: false);
                return;
            }

            if (values.Zip(_settled).All(pair => Math.Abs(pair.First - pair.Second) <= 2 * _tolerance * _scale))
            {
                Finish();
                return;
            }
        }

        _settled = values;
        _space!.Restart(wanted, beginsAnew: true);
        _pairs = _space.Pairs();
    }

    private void Finish()
    {
        _final = [.. Wanted().Reverse().Select(_space!.VectorOf)];
        _space = null;
    }

    private void Measure(double[] vector, double[] product)
    {
        double value = LongVectors.Dot(vector, product);
        LongVectors.Subtract(product, [vector], [value]);
        _measured.Add(new Eigenvalue(value, LongVectors.Norm(product)));
    }

    /// <summary>The Ritz pairs of what is wanted, the smallest first; fewer where there are not as many.</summary>
    private IReadOnlyList<RitzPair> Wanted() => Outermost(_pairs, _end == SpectrumEnd.Both ? (_wanted + 1) / 2 : _wanted);

    /// <summary>What is worth keeping of a space that is full: beside what is wanted, what will be soon.</summary>
    private IReadOnlyList<RitzPair> Worthwhile()
    {
        int kept = _wanted + (_space!.Count - _wanted) / 2;
        return Outermost(_pairs, _end == SpectrumEnd.Both ? kept / 2 : kept);
    }

    private IReadOnlyList<RitzPair> Outermost(IReadOnlyList<RitzPair> pairs, int count) => _end switch
    {
        SpectrumEnd.Largest => [.. pairs.Skip(Math.Max(0, pairs.Count - count))],
        SpectrumEnd.Smallest => [.. pairs.Take(count)],
        _ => [.. pairs.Where((_, i) => i < count || i >= pairs.Count - count)],
    };
}
