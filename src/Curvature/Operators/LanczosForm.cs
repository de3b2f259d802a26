using System.Runtime.InteropServices;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Gauss quadrature of vᵀf(H)v ≈ Σ_k ω_k f(θ_k) for random probes v: for each, a run of the Lanczos recurrence, whose tridiagonal matrix has the
/// eigenvalues θ_k and, with its eigenvectors' first entries τ_k, the weights ω_k = ‖v‖² τ_k². A probe's columns are its nodes θ, and then its weights.
/// Of a block-diagonal matrix each block has a run of its own, with nodes and weights of its own; one product serves all of them.
/// </summary>
/// <remarks>
/// G. H. Golub and G. Meurant, «Matrices, Moments and Quadrature with Applications», 2010. Every new vector is orthogonalised twice against all before
/// it (B. N. Parlett, «The Symmetric Eigenvalue Problem», 1998, section 6.9), so that no eigenvalue is found again. A run ends early where the
/// vectors span an invariant subspace; the nodes that are missing have the weight 0.
/// </remarks>
internal sealed class LanczosForm : IQuadraticForm
{
    private readonly MicroBatchedRisk _risk;
    private readonly Func<EmpiricalRisk, ICurvatureProduct> _create;
    private readonly PhiloxProbes _probes;
    private readonly int _steps;
    private readonly ParameterBlock[] _blocks;
    private readonly Part[] _parts;
    private readonly long _size;
    private readonly ScalarType _dtype;
    private readonly Device _device;

    /// <param name="risk">All samples, a micro-batch at a time.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="table">The layer rules.</param>
    /// <param name="steps">m, how many products a run has at most.</param>
    /// <exception cref="CurvatureException">The method does not serve the model, or a run's vectors do not fit the memory budget.</exception>
    public LanczosForm(MicroBatchedRisk risk, CurvatureOptions options, OperationTable table, int steps)
    {
        (_risk, _probes) = (risk, new PhiloxProbes(options.Seed, options.Distribution));
        bool autodiff = options.Method == CurvatureMethod.Autodiff;
        (_blocks, _dtype, _device, Method, MethodReason) = risk.With(0, first =>
        {
            string reason = "asked for";
            if (!autodiff)
            {
                try
                {
                    using var linearization = new Linearization(first, options.Matrix, table);
                    reason = linearization.Reason("every layer and the loss have a rule");
                }
                catch (NoLayerRuleException noRule) when (options.Method is null)
                {
                    (autodiff, reason) = (true, noRule.Missing.TrimEnd('.'));
                }
            }

            return (first.Blocks.ToArray(), first.Dtype, first.Device, autodiff ? CurvatureMethod.Autodiff : CurvatureMethod.Hmp, reason);
        });
        _create = autodiff
            ? batch => new AutodiffProduct(batch, options.Matrix, options.Structure)
            : batch => new LayerRuleProduct(new Linearization(batch, options.Matrix, table), options.Structure);
        _size = _blocks.Sum(block => block.Size);
        _steps = (int)Math.Min(steps, _size);
        long bytes = checked(_steps * _size * (_dtype == ScalarType.Float64 ? 8 : 4)), budget = options.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget;
        if (bytes > budget)
        {
            throw new CurvatureException(
                $"A run of {_steps:N0} steps keeps as many vectors of {_size:N0} parameters, {(bytes < 1e9 ? $"{bytes / 1e6:N1} MB" : $"{bytes / 1e9:N1} GB")}: use at most "
                + $"{Math.Max(1, budget / (bytes / _steps)):N0} for CurvatureOptions.LanczosSteps, or a larger CurvatureOptions.MemoryBudget.");
        }

        if (risk.Count > 1) MethodReason += $"; {risk.Count:N0} micro-batches of {risk.MicroBatch:N0}";
        _parts = [.. PartsOf(options.Structure)];
        Blocks = [.. _parts.SelectMany(part => part.Columns.Names)];
    }

    /// <inheritdoc/>
    public CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks { get; }

    /// <inheritdoc/>
    public long BasisCount => _size;

    /// <summary>What has runs of its own.</summary>
    private IEnumerable<Part> PartsOf(BlockStructure structure)
    {
        if (structure == BlockStructure.Full)
        {
            yield return new Part(new QuadratureColumns("", 0, _steps), 0, _size);
            yield break;
        }

        long offset = 0;
        int column = 0;
        foreach (var block in _blocks.Where(block => block.Size > 0))
        {
            var columns = new QuadratureColumns(block.Name, column, (int)Math.Min(_steps, block.Size));
            yield return new Part(columns, offset, block.Size);
            (column, offset) = (columns.End, offset + block.Size);
        }
    }

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        double[] values = new double[count * Blocks.Count];
        Runs(firstProbe, count, _steps, values, cancellation);
        return StackedForm.Finite(new ProbeValues(firstProbe, Blocks.Count, values), Blocks, _dtype);
    }

    /// <inheritdoc/>
    public ProbeValues WarmUp(CancellationToken cancellation = default)
    {
        double[] values = new double[Blocks.Count];
        Runs(0, 1, 1, values, cancellation);
        return new ProbeValues(0, Blocks.Count, values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A micro-batch's product lives no longer than its turn.
    }

    private void Runs(long firstProbe, int count, int steps, double[] values, CancellationToken cancellation)
    {
        void All(Func<Tensor, Tensor> multiply)
        {
            for (int p = 0; p < count; p++) Run(firstProbe + p, steps, multiply, values.AsSpan(p * Blocks.Count, Blocks.Count), cancellation);
        }

        if (_risk.Count > 1)
        {
            All(vector => Product(vector, cancellation));
            return;
        }

        // One micro-batch is passed through the model once for all products.
        _risk.With(0, batch =>
        {
            using var product = _create(batch);
            All(vector => Flat(product, vector));
            return 0;
        });
    }

    private void Run(long probe, int steps, Func<Tensor, Tensor> multiply, Span<double> values, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Recurrence[] runs;
        try
        {
            var vector = cat([.. _blocks.Select(block => _probes.Draw(block, probe, 1)!.reshape(-1))]);
            var basis = zeros([steps, _size], _dtype, _device);
            runs = [.. _parts.Select(part => new Recurrence(part, Math.Min(steps, part.Columns.Nodes), vector, basis))];
            for (int step = 0; runs.Any(run => run.GoesOn); step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var turn = NewDisposeScope();
                var product = multiply(basis[step]);
                foreach (var run in runs.Where(run => run.GoesOn)) run.Take(product);
            }
        }
        catch (ExternalException error)
        {
            throw StackedForm.Failed(error, probe, 1);
        }

        foreach (var run in runs) run.Rule(values);
    }

    /// <summary>H q over all samples, weighted as their losses are; added up in double precision.</summary>
    private Tensor Product(Tensor vector, CancellationToken cancellation)
    {
        bool sums = _risk.Loss.Reduction == Reduction.Sum;
        Tensor? sum = null;
        double weight = 0;
        for (int b = 0; b < _risk.Count; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            _risk.With(b, batch =>
            {
                if (batch.FoldWeight == 0) return 0;
                double factor = sums ? 1 : batch.FoldWeight;
                weight += factor;
                using var scope = NewDisposeScope();
                using var product = _create(batch);
                var all = Flat(product, vector).to(ScalarType.Float64).TimesInPlace(factor);
                sum = (sum is null ? all : sum.PlusInPlace(all)).MoveToOuterDisposeScope();
                return 0;
            });
        }

        if (sum is null) throw EmpiricalRisk.NothingCounts();
        return sum.Times(sums ? 1 : 1 / weight).to(_dtype);
    }

    /// <summary>A product with a vector of all parameters, and its result, one block after another.</summary>
    private Tensor Flat(ICurvatureProduct product, Tensor vector)
    {
        long offset = 0;
        Tensor?[] vectors = [.. _blocks.Select(block =>
        {
            var part = vector.narrow(0, offset, block.Size).reshape([1, .. block.Shape]);
            offset += block.Size;
            return part;
        })];
        return cat([.. product.Multiply(vectors).Select((part, i) => (part ?? zeros_like(vectors[i]!)).reshape(-1))]);
    }

    private static double Dot(Tensor a, Tensor b) => a.mul(b).sum(ScalarType.Float64).item<double>();

    private static double[] Numbers(Tensor values) => MemoryMarshal.Cast<byte, double>(values.contiguous().bytes).ToArray();

    /// <summary>What has a run of its own: all parameters, or one block's.</summary>
    /// <param name="Columns">Where its nodes and weights go.</param>
    /// <param name="Offset">The first of its parameters.</param>
    /// <param name="Size">How many there are.</param>
    private sealed record Part(QuadratureColumns Columns, long Offset, long Size);

    /// <summary>One run. A run that is over has zeros for its vectors.</summary>
    private sealed class Recurrence
    {
        private readonly Part _part;
        private readonly Tensor _basis;
        private readonly double _squared;
        private readonly double[] _alpha;
        private readonly double[] _beta;
        private int _found;

        public Recurrence(Part part, int steps, Tensor vector, Tensor basis)
        {
            (_part, _alpha, _beta) = (part, new double[steps], new double[steps]);
            _basis = basis.narrow(1, part.Offset, part.Size);
            var first = vector.narrow(0, part.Offset, part.Size);
            _squared = Dot(first, first);
            _basis[0].copy_(first.Times(1 / Math.Sqrt(_squared)));
        }

        public bool GoesOn { get; private set; } = true;

        public void Take(Tensor product)
        {
            var (last, next) = (_basis[_found], product.narrow(0, _part.Offset, _part.Size));
            _alpha[_found] = Dot(next, last);
            double before = Math.Sqrt(Dot(next, next));
            var known = _basis.narrow(0, 0, ++_found);
            for (int pass = 0; pass < 2; pass++) next = next.sub(known.t().mv(known.mv(next)));
            double norm = Math.Sqrt(Dot(next, next));
            // What is less is rounding.
            GoesOn = _found < _alpha.Length && norm > _part.Size * finfo(_basis.dtype).eps * before;
            if (!GoesOn) return;
            _beta[_found] = norm;
            _basis[_found].copy_(next.Times(1 / norm));
        }

        /// <summary>Writes nodes and weights into a probe's values.</summary>
        public void Rule(Span<double> values)
        {
            var columns = values[_part.Columns.First.._part.Columns.End];
            double[] alpha = _alpha[.._found], beta = _beta[Math.Min(1, _found).._found];
            if (alpha.Any(number => !double.IsFinite(number)))
            {
                columns.Fill(double.NaN);
                return;
            }

            using var scope = NewDisposeScope();
            var matrix = tensor(alpha).diag();
            if (_found > 1) matrix = matrix.Plus(tensor(beta).diag(1)).Plus(tensor(beta).diag(-1));
            var (nodes, vectors) = linalg.eigh(matrix);
            Numbers(nodes).CopyTo(columns);
            Numbers(vectors[0].Squared().Times(_squared)).CopyTo(columns[_part.Columns.Nodes..]);
        }
    }
}
