using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// Gradients of a weight that acts at T positions of each sample: G = Σ_t d_t x_tᵀ, with d_t of each lane and x_t the same for
/// all of them.
/// </summary>
/// <remarks>
/// ‖G‖² = Σ_tt' (d_t · d_t') (x_t · x_t'), so it takes G itself, o·K·T products a lane, or the positions' Gram matrices, o·T²
/// a lane and K·T² once (X. Li, F. Tramèr, P. Liang and T. Hashimoto, «Large language models can be strong differentially
/// private learners», 2022). With one position it is ‖d‖² ‖x‖² (I. Goodfellow, «Efficient per-example gradient computations», 2015).
/// </remarks>
internal sealed class PositionGradients : SampleGradients
{
    /// <summary>What the gradients or the Gram matrices of some samples may take: as much as stays in a processor's cache.</summary>
    private const long CacheBytes = 2L << 20;

    private const long DeviceBytes = 256L << 20;

    private readonly Tensor _lanes;
    private readonly Tensor _shared;
    private readonly bool _isTransposed;
    private readonly long[] _shape;

    /// <param name="lanes">d, <c>[N, P, groups, o, T]</c>.</param>
    /// <param name="shared">x, <c>[N, groups, K, T]</c>.</param>
    /// <param name="isTransposed">Whether the weight is <c>[groups, K, o]</c>, and not <c>[groups, o, K]</c>.</param>
    /// <param name="shape">The weight's own shape.</param>
    public PositionGradients(Tensor lanes, Tensor shared, bool isTransposed, long[] shape) =>
        (_lanes, _shared, _isTransposed, _shape) = (lanes, shared, isTransposed, shape);

    /// <summary>‖x‖² of each sample and group, <c>[N, groups]</c>, where somebody knows it and there is one position.</summary>
    public Tensor? SharedNorms { get; init; }

    private long Samples => _shared.shape[0];

    private long Groups => _shared.shape[1];

    private long Inputs => _shared.shape[2];

    private long Positions => _shared.shape[3];

    private long LaneCount => _lanes.shape[1];

    private long Outputs => _lanes.shape[3];

    /// <inheritdoc/>
    protected override object Kind => (Groups, Inputs, Outputs, _isTransposed);

    /// <inheritdoc/>
    public override Tensor SquaredNorms()
    {
        if (Positions == 1)
            return (_lanes.Squared().sum([3, 4]) * (SharedNorms ?? _shared.Squared().sum([2, 3])).unsqueeze(1)).sum(2).t();

        bool byGram = Positions * (Inputs + LaneCount * (Outputs + 1)) < LaneCount * Outputs * Inputs;
        long perSample = Groups * LaneCount * (byGram ? Positions * Positions : Outputs * Inputs) * _lanes.element_size();
        long budget = _lanes.device.type == TorchSharp.DeviceType.CPU ? CacheBytes : DeviceBytes;
        long most = Math.Clamp(budget / Math.Max(1, perSample), 1, Samples);
        var norms = new List<Tensor>();
        for (long first = 0; first < Samples; first += most)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(most, Samples - first);
            var (lanes, shared) = (_lanes.narrow(0, first, count), _shared.narrow(0, first, count));
            norms.Add((byGram ? ByGram(lanes, shared) : BySquares(Product(lanes, shared))).MoveToOuterDisposeScope());
        }

        return cat(norms).t();
    }

    /// <inheritdoc/>
    public override Tensor Squares(long samples)
    {
        // With one position the squares of G = d xᵀ are those of d times those of x: one product for all samples.
        if (Positions != 1) return base.Squares(samples);
        var rows = _lanes.Squared().squeeze(4).permute(2, 1, 3, 0).reshape([Groups, LaneCount * Outputs, samples]);
        var product = rows.bmm(_shared.Squared().squeeze(3).transpose(0, 1)).view([Groups, LaneCount, Outputs, Inputs]);
        return (_isTransposed ? product.permute(1, 0, 3, 2) : product.transpose(0, 1)).reshape([LaneCount, .. _shape]);
    }

    /// <inheritdoc/>
    public override Tensor Explicit(long first, long count)
    {
        var product = Product(_lanes.narrow(0, first, count), _shared.narrow(0, first, count));
        // [N, groups, P, o, K]
        var turned = _isTransposed ? product.permute(2, 0, 1, 4, 3) : product.permute(2, 0, 1, 3, 4);
        return turned.reshape([LaneCount, count, .. _shape]);
    }

    /// <inheritdoc/>
    protected override SampleGradients Sum(IReadOnlyList<SampleGradients> same)
    {
        PositionGradients[] all = [.. same.Cast<PositionGradients>()];
        return new PositionGradients(cat([.. all.Select(one => one._lanes)], 4), cat([.. all.Select(one => one._shared)], 3), _isTransposed, _shape);
    }

    /// <summary>G, <c>[N, groups, P, o, K]</c>.</summary>
    private static Tensor Product(Tensor lanes, Tensor shared)
    {
        long[] shape = lanes.shape;
        long inputs = shared.shape[2];
        var rows = lanes.transpose(1, 2).reshape([shape[0] * shape[2], shape[1] * shape[3], shape[4]]);
        var product = rows.bmm(shared.reshape([-1, inputs, shape[4]]).transpose(1, 2));
        return product.view([shape[0], shape[2], shape[1], shape[3], inputs]);
    }

    /// <summary>From <c>[N, groups, P, o, K]</c> to <c>[N, P]</c>.</summary>
    private static Tensor BySquares(Tensor product) => product.mul_(product).sum([3, 4]).sum(1);

    private static Tensor ByGram(Tensor lanes, Tensor shared)
    {
        long[] shape = lanes.shape;
        long positions = shape[4];
        var columns = lanes.reshape([-1, shape[3], positions]);
        var ofLanes = columns.transpose(1, 2).bmm(columns).view([shape[0], shape[1], shape[2] * positions * positions]);
        var inputs = shared.reshape([-1, shared.shape[2], positions]);
        var ofInputs = inputs.transpose(1, 2).bmm(inputs).view([shape[0], shape[2] * positions * positions, 1]);
        return ofLanes.bmm(ofInputs).squeeze(2);
    }
}
