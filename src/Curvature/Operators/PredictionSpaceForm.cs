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
/// basis vectors of the prediction add up to it. For the Hessian H = G + R a forward sweep adds the model's own curvature,
/// R = Σ_n Σ_k λ_nk ∇²f_nk, along parameters that bend the model; along the others R has no diagonal.
/// </summary>
/// <remarks>
/// N. N. Schraudolph, «Fast curvature matrix-vector products for second-order gradient descent», 2002, has G; F. Dangel,
/// F. Kunstner and P. Hennig, «BackPACK: Packing more into backprop», 2020, the passes backward from S and from draws of it.
/// Samples are taken in blocks whose lanes stay in a processor's cache on their way back: their weighted mean, as of shards.
/// </remarks>
internal sealed class PredictionSpaceForm : SampledForm, IQuadraticForm
{
    private const string WithModelCurvature = "; the GGN by a pass backward, and the model's own curvature by one forward";

    private const string WithoutModelCurvature = "; the model is piecewise linear along each parameter, so the Hessian has the GGN's trace";

    private readonly List<SampleBlock> _blocks = [];
    private readonly BlockStructure _structure;
    private readonly ProbeResult _result;
    private readonly ProbeBits _bits;

    /// <summary>Passes the samples through the model, a block at a time.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="table">The layer rules.</param>
    /// <param name="reason">Why this method was taken.</param>
    /// <exception cref="CurvatureException">
    /// An operation or the loss has no rule or no root, samples cannot be told apart, or the matrix is the Hessian, and a parameter
    /// that bends the model serves two operations, or none that can be drawn at.
    /// </exception>
    public PredictionSpaceForm(EmpiricalRisk risk, CurvatureOptions options, OperationTable table, string reason) : base(risk, options.Distribution)
    {
        (_structure, _result) = (options.Structure, options.Result);
        if (Distribution != ProbeDistribution.Basis) _bits = new ProbeBits(options.Seed, Distribution, ProbeSpace.Prediction);
        using var noGrad = no_grad();
        try
        {
            var plan = (options.Plan ?? new()).Of(risk, options, table);
            if (plan.Bends && _result == ProbeResult.Diagonal)
                throw new NoLayerRuleException("The model is not piecewise linear in some parameters, and prediction space cannot compute the diagonal of its own curvature.");
            for (long first = 0; first < risk.SampleCount; first += plan.Samples) AddBlock(risk, table, plan, first, Math.Min(plan.Samples, risk.SampleCount - first));
            double total = _blocks.Sum(block => block.Weight);
            Parts = [.. _blocks.Select(block => (
                block.Linearization.Risk.FirstSample - risk.FirstSample, _blocks.Count == 1 || risk.Loss.Reduction == Reduction.Sum ? 1 : block.Weight / total))];
            if (options.Matrix == CurvatureMatrix.Hessian) reason += plan.Bends ? WithModelCurvature : WithoutModelCurvature;
            MethodReason = _blocks[0].Linearization.Reason(reason);
            LargestStack = StackSize.ForReverseSweeps(risk, _blocks.Max(block => block.Sweep.MostNumbers()), plan.Lanes, options.MemoryBudget);
            if (plan.Bends)
            {
                var largest = _blocks.MaxBy(block => block.Linearization.SampleCount)!.Linearization;
                LargestStack = Math.Min(LargestStack, StackSize.ForOutputSpace(risk, largest.Operations, checked(plan.OwnNumbers * largest.SampleCount), options.MemoryBudget));
            }
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
    public override double Passes => 2 + (_blocks[0].Draws is null ? 0 : _structure == BlockStructure.Full ? 1 : 1 + 2);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Blocks => _structure == BlockStructure.Full && _result == ProbeResult.QuadraticForm ? [] : base.Blocks;

    /// <inheritdoc/>
    public override IReadOnlyList<long[]> Shapes => ParameterEntries.Shapes(Risk, _result);

    /// <inheritdoc/>
    public override long BasisCount => _blocks[0].Linearization.OutputSize + (_blocks[0].Draws?.LaneCount ?? 0);

    /// <inheritdoc/>
    protected override int LargestStack { get; }

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => _blocks.SelectMany(block => block.Linearization.Operations);

    /// <inheritdoc/>
    protected override IReadOnlyList<(long FirstSample, double Factor)> Parts { get; }

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        if (_result == ProbeResult.QuadraticForm) return base.EvaluateStack(firstProbe, count);
        var sums = Risk.Blocks.Select(block => zeros([count, .. block.Shape], ScalarType.Float64, Risk.Device)).ToArray();
        for (int part = 0; part < Parts.Count; part++)
        {
            using var scope = NewDisposeScope();
            var (block, factor) = (_blocks[part], Parts[part].Factor);
            var lanes = Distribution == ProbeDistribution.Basis ? BasisLanes(block, firstProbe, count) : RandomLanes(block, firstProbe, count);
            foreach (var (sum, squares) in sums.Zip(block.Sweep.SquaresByParameter(block.Linearization.LossRoot(lanes)))) sum.PlusInPlace(squares.Times(factor));
        }

        return ParameterEntries.Of(sums, withSums: true);
    }

    /// <inheritdoc/>
    protected override Tensor BySample(int part, long firstProbe, int count)
    {
        var block = _blocks[part];
        var values = Distribution == ProbeDistribution.Basis ? Basis(block, firstProbe, count) : Random(block, firstProbe, count);
        return _structure == BlockStructure.Full && values.shape[2] > 1 ? values.sum(2, keepdim: true) : values;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var block in _blocks) block.Linearization.Dispose();
        _blocks.Clear();
    }

    private void AddBlock(EmpiricalRisk risk, OperationTable table, PredictionPlan plan, long first, long count)
    {
        using var scope = NewDisposeScope();
        var part = count == risk.SampleCount ? risk : risk.Narrow(first, count);
        // A block of ignored targets alone, whose mean would be 0/0.
        if (part.FoldWeight == 0 && risk.FoldWeight != 0) return;
        var matrix = plan.Bends ? CurvatureMatrix.Hessian : CurvatureMatrix.Ggn;
        var linearization = new Linearization(part, matrix, table, isForReverse: true);
        try
        {
            PredictionPlan.RootOfNothing(linearization);
            var reverse = new ReverseSweep(linearization, plan.Axes);
            var draws = plan.Bends ? new DrawSweep(linearization, withLoss: false, plan.Bent, firstStream: linearization.OutputSize, reverse.Axes) : null;
            _blocks.Add(new SampleBlock(linearization, reverse, draws, part.FoldWeight));
        }
        catch
        {
            linearization.Dispose();
            throw;
        }
    }

    /// <summary>Random probes of some samples: G's part and, where the model bends, R's, <c>[count, n, blocks]</c>.</summary>
    private Tensor Random(SampleBlock block, long firstProbe, int count)
    {
        var (linearization, sweep, draws, _) = block;
        var squares = sweep.SquaredGradients(linearization.LossRoot(RandomLanes(block, firstProbe, count)));
        if (draws is null) return squares;
        if (_structure == BlockStructure.Block) return squares.PlusInPlace(draws.TogetherByBlocks(_bits, firstProbe, count));
        // Only the blocks' sum is asked for.
        squares.narrow(2, 0, 1).PlusInPlace(draws.Together(_bits, firstProbe, count));
        return squares;
    }

    /// <summary>Basis vectors of some samples, those of the prediction first, <c>[count, n, blocks]</c>.</summary>
    private Tensor Basis(SampleBlock block, long firstLane, int count)
    {
        var (linearization, sweep, draws, _) = block;
        long outputs = linearization.OutputSize;
        int reverse = (int)Math.Clamp(outputs - firstLane, 0, count);
        List<Tensor> parts = [];
        if (reverse > 0) parts.Add(sweep.SquaredGradients(linearization.LossRoot(BasisLanes(block, firstLane, reverse))));

        if (reverse < count) parts.Add(draws!.Basis(firstLane + reverse - outputs, count - reverse));
        return cat(parts);
    }

    /// <summary>Each sample's own numbers, <c>[P, J, N]</c>.</summary>
    private Tensor RandomLanes(SampleBlock block, long firstProbe, int count) => _bits.Draw(
        firstProbe, count, 0, block.Linearization.OutputSize, block.Linearization.SampleCount, Risk.Dtype, Risk.Device, block.Linearization.Risk.FirstSample);

    /// <summary>Basis vectors, the same for all samples, <c>[P, J, N]</c>.</summary>
    private Tensor BasisLanes(SampleBlock block, long firstLane, int count)
    {
        // A block's samples live no longer than it takes to pass them through the model.
        var lanes = zeros([count, block.Linearization.OutputSize, block.Linearization.SampleCount], Risk.Dtype, Risk.Device);
        lanes.narrow(1, firstLane, count).diagonal(dim1: 0, dim2: 1).FillWithOnes();
        return lanes;
    }

    /// <summary>Samples that are taken together.</summary>
    /// <param name="Linearization">The model at them.</param>
    /// <param name="Sweep">For G.</param>
    /// <param name="Draws">For R; null where it has no diagonal, or is not asked for.</param>
    /// <param name="Weight">How much they count beside others.</param>
    private sealed record SampleBlock(Linearization Linearization, ReverseSweep Sweep, DrawSweep? Draws, double Weight);
}
