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
                $"A run of {_steps:N0} steps keeps as many vectors of {_size:N0} parameters, {bytes / 1e9:N1} GB: use at most "
                + $"{Math.Max(1, budget / (bytes / _steps)):N0} for CurvatureOptions.LanczosSteps, or a larger CurvatureOptions.MemoryBudget.");
        }

        if (risk.Count > 1) MethodReason += $"; {risk.Count:N0} micro-batches of {risk.MicroBatch:N0}";
        Blocks = [.. Enumerable.Range(1, _steps).Select(k => $"node {k}"), .. Enumerable.Range(1, _steps).Select(k => $"weight {k}")];
    }

    /// <inheritdoc/>
    public CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks { get; }

    /// <inheritdoc/>
    public long BasisCount => _size;

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
        double[] alpha = new double[steps], beta = new double[steps];
        double squared;
        int found = 0;
        try
        {
            var vector = cat([.. _blocks.Select(block => _probes.Draw(block, probe, 1)!.reshape(-1))]);
            squared = Dot(vector, vector);
            var basis = empty([steps, _size], _dtype, _device);
            basis[0].copy_(vector.Times(1 / Math.Sqrt(squared)));
            while (found < steps)
            {
                cancellation.ThrowIfCancellationRequested();
                using var turn = NewDisposeScope();
                var last = basis[found];
                var next = multiply(last);
                alpha[found] = Dot(next, last);
                double before = Math.Sqrt(Dot(next, next));
                var known = basis.narrow(0, 0, ++found);
                for (int pass = 0; pass < 2; pass++) next = next.sub(known.t().mv(known.mv(next)));
                double norm = Math.Sqrt(Dot(next, next));
                // What is left is rounding.
                if (found == steps || !(norm > _size * finfo(_dtype).eps * before)) break;
                beta[found] = norm;
                basis[found].copy_(next.Times(1 / norm));
            }
        }
        catch (ExternalException error)
        {
            throw StackedForm.Failed(error, probe, 1);
        }

        var diagonal = tensor(alpha[..found]);
        var matrix = diagonal.diag();
        if (found > 1) matrix = matrix.Plus(tensor(beta[1..found]).diag(1)).Plus(tensor(beta[1..found]).diag(-1));
        if (alpha[..found].Any(number => !double.IsFinite(number)))
        {
            values.Fill(double.NaN);
            return;
        }

        var (nodes, vectors) = linalg.eigh(matrix);
        Numbers(nodes).CopyTo(values);
        Numbers(vectors[0].Squared().Times(squared)).CopyTo(values[(values.Length / 2)..]);
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
}
