using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Probes of the model's prediction: Σ_n ‖J_nᵀ S_n r_n‖² with a root S_n S_nᵀ = ∇²ℓ_n and numbers r_n of each sample's own, by one
/// reverse sweep a probe, which gives every block's part. With E[r rᵀ] = I the mean is tr(G) = Σ_n tr(J_nᵀ ∇²ℓ_n J_n); the
/// basis vectors of the prediction add up to it.
/// </summary>
/// <remarks>
/// N. N. Schraudolph, «Fast curvature matrix-vector products for second-order gradient descent», 2002, has G; F. Dangel,
/// F. Kunstner and P. Hennig, «BackPACK: Packing more into backprop», 2020, the passes backward from S and from draws of it.
/// Samples are taken in blocks whose lanes stay in a processor's cache on their way back: their weighted mean, as of shards.
/// </remarks>
internal sealed class PredictionSpaceForm : StackedForm, IQuadraticForm
{
    /// <summary>So many samples tell what each one takes, and whether they come one after another.</summary>
    private const long FewSamples = 4;

    private readonly List<(Linearization Linearization, ReverseSweep Sweep, double Weight)> _blocks = [];
    private readonly BlockStructure _structure;
    private readonly ProbeDistribution _distribution;
    private readonly ProbeBits _bits;

    /// <summary>Passes the samples through the model, a block at a time.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="table">The layer rules.</param>
    /// <param name="reason">Why this method was taken.</param>
    /// <exception cref="CurvatureException">
    /// An operation or the loss has no rule or no root, samples cannot be told apart, or the matrix is the Hessian, and the model is
    /// not piecewise linear.
    /// </exception>
    public PredictionSpaceForm(EmpiricalRisk risk, CurvatureOptions options, OperationTable table, string reason) : base(risk)
    {
        (_structure, _distribution) = (options.Structure, options.Distribution);
        if (_distribution != ProbeDistribution.Basis) _bits = new ProbeBits(options.Seed, _distribution, ProbeSpace.Prediction);
        using var noGrad = no_grad();
        try
        {
            using var scope = NewDisposeScope();
            using var few = Few(risk, table);
            CheckServes(few, options.Matrix);
            var like = new ReverseSweep(few);
            // Whether there is a root, and whether all operations tell samples apart, is known before the first probe.
            like.SquaredGradients(RootOfNothing(few));
            long fitting = StackSize.SamplesOfReverseSweeps(few, out int lanes), size = few.SampleCount > FewSamples ? few.SampleCount : fitting;
            for (long first = 0; first < risk.SampleCount; first += size) AddBlock(risk, table, like, first, Math.Min(size, risk.SampleCount - first));
            MethodReason = _blocks[0].Linearization.Reason(reason);
            LargestStack = StackSize.ForReverseSweeps(risk, _blocks.Max(block => block.Sweep.MostNumbers()), lanes, options.MemoryBudget);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override CurvatureMethod Method => CurvatureMethod.Quadratic;

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace => ProbeSpace.Prediction;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Blocks => _structure == BlockStructure.Full ? [] : base.Blocks;

    /// <inheritdoc/>
    public override long BasisCount => _blocks[0].Linearization.OutputSize;

    /// <inheritdoc/>
    protected override int LargestStack { get; }

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => _blocks.SelectMany(block => block.Linearization.Operations);

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        var sum = zeros([count, Risk.Blocks.Count], ScalarType.Float64, Risk.Device);
        double total = _blocks.Sum(block => block.Weight);
        foreach (var (linearization, sweep, weight) in _blocks)
        {
            using var scope = NewDisposeScope();
            long samples = linearization.SampleCount;
            var squares = sweep.SquaredGradients(linearization.LossRoot(_distribution == ProbeDistribution.Basis
                ? Basis(firstProbe, count, samples)
                : _bits.Draw(firstProbe, count, 0, (int)BasisCount, samples, Risk.Dtype, Risk.Device, linearization.Risk.FirstSample)));
            sum.PlusInPlace(_blocks.Count == 1 || Risk.Loss.Reduction == Reduction.Sum ? squares : squares.Times(weight / total));
        }

        return _structure == BlockStructure.Full ? sum.sum(1, keepdim: true) : sum;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var block in _blocks) block.Linearization.Dispose();
        _blocks.Clear();
    }

    /// <summary>Some samples, which tell what all of them are like.</summary>
    private static Linearization Few(EmpiricalRisk risk, OperationTable table)
    {
        Linearization Over(EmpiricalRisk part) => new(part, CurvatureMatrix.Ggn, table, isForReverse: true);
        if (risk.SampleCount <= FewSamples) return Over(risk);
        try
        {
            return Over(risk.Narrow(FewSamples));
        }
        catch (CurvatureException error) when (error is not NoLayerRuleException)
        {
            // The model may take batches of one size only. If something is wrong, that is said of the user's batch.
            return Over(risk);
        }
    }

    private static void CheckServes(Linearization few, CurvatureMatrix matrix)
    {
        if (matrix == CurvatureMatrix.Hessian && few.FirstBend() is { } bend)
        {
            throw new NoLayerRuleException(
                $"{bend} is not linear along each parameter, not even piecewise, and so prediction space does not serve the Hessian.",
                "It serves the GGN: CurvatureMatrix.Ggn.");
        }
    }

    private void AddBlock(EmpiricalRisk risk, OperationTable table, ReverseSweep like, long first, long count)
    {
        using var scope = NewDisposeScope();
        var part = count == risk.SampleCount ? risk : risk.Narrow(first, count);
        // A block of ignored targets alone, whose mean would be 0/0.
        if (part.FoldWeight == 0 && risk.FoldWeight != 0) return;
        var linearization = new Linearization(part, CurvatureMatrix.Ggn, table, isForReverse: true);
        try
        {
            RootOfNothing(linearization);
            _blocks.Add((linearization, new ReverseSweep(linearization, like), part.FoldWeight));
        }
        catch
        {
            linearization.Dispose();
            throw;
        }
    }

    /// <summary>One lane of zeros behind the loss's root, which is looked for at each sample's output.</summary>
    private static Tensor RootOfNothing(Linearization some) =>
        some.LossRoot(zeros([1, some.OutputSize, some.SampleCount], some.Risk.Dtype, some.Risk.Device));

    /// <summary>The same basis vector for all samples, <c>[P, J, N]</c>.</summary>
    private Tensor Basis(long firstLane, int count, long samples)
    {
        var lanes = zeros([count, BasisCount, samples], Risk.Dtype, Risk.Device);
        lanes.narrow(1, firstLane, count).diagonal(dim1: 0, dim2: 1).FillWithOnes();
        return lanes;
    }
}
