using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Operators;

/// <summary>Which curvature matrix of the empirical risk is meant.</summary>
public enum CurvatureMatrix
{
    /// <summary>The Hessian ∇²L(θ).</summary>
    Hessian,

    /// <summary>The generalised Gauss-Newton matrix Jᵀ ∇²ℓ J: the Hessian less the model's own curvature.</summary>
    Ggn,
}

/// <summary>Whether blocks of different parameters interact.</summary>
public enum BlockStructure
{
    /// <summary>Only the diagonal blocks, one per parameter tensor. The trace is the same, its variance is smaller.</summary>
    Block,

    /// <summary>The whole matrix.</summary>
    Full,
}

/// <summary>How quadratic forms vᵀHv are computed.</summary>
public enum CurvatureMethod
{
    /// <summary>Hv by double backward, one probe at a time: for any model that libtorch differentiates twice.</summary>
    Autodiff,

    /// <summary>Hv for a stack of probes by layer rules, then the dot product with the probes.</summary>
    Hmp,

    /// <summary>vᵀHv for a stack of probes by a forward-only sweep; Hv is never formed.</summary>
    Quadratic,
}

/// <summary>What is told of a probe.</summary>
public enum ProbeResult
{
    /// <summary>vᵀHv, block by block.</summary>
    QuadraticForm,

    /// <summary>Hv, one value a parameter.</summary>
    Product,

    /// <summary>
    /// The diagonal: v ⊙ Hv in parameter space, and the squares of J_nᵀ S_n r_n in prediction space, which are added up over the samples. Of a
    /// call's probes there are two rows: their mean, and the sum of squares of what they are from it. One value a parameter, then one a
    /// block and one in all, which are sums of those.
    /// </summary>
    Diagonal,
}

/// <summary>What is asked of a curvature operator.</summary>
public sealed record CurvatureOptions
{
    /// <summary>The matrix. Default: the Hessian.</summary>
    public CurvatureMatrix Matrix { get; init; } = CurvatureMatrix.Hessian;

    /// <summary>The structure. Default: block-diagonal.</summary>
    public BlockStructure Structure { get; init; } = BlockStructure.Block;

    /// <summary>The method; null (the default) picks the fastest that serves the model.</summary>
    public CurvatureMethod? Method { get; init; }

    /// <summary>
    /// Where probes are drawn; null for the space that serves the model best: of random probes, prediction space where the model is piecewise linear
    /// along each parameter, else prediction or output space, by what two probes of the first samples vary and cost, else parameter space; of
    /// basis vectors, the one that takes the fewest. Default: parameter space.
    /// </summary>
    public ProbeSpace? ProbeSpace { get; init; } = Probes.ProbeSpace.Parameter;

    /// <summary>
    /// Rademacher or Gaussian probes, or the basis vectors e₀, e₁, … whose quadratic forms add up to the trace.
    /// Default: Rademacher.
    /// </summary>
    public ProbeDistribution Distribution { get; init; } = ProbeDistribution.Rademacher;

    /// <summary>The seed: probe i is a pure function of it and of i. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// The budget where none is given: 1 GiB, on every machine, since the last bits of a result depend on the shapes of
    /// its stacks.
    /// </summary>
    public const long DefaultMemoryBudget = 1L << 30;

    /// <summary>
    /// Bytes that the tensors of one stack of probes, and those of one micro-batch, may take; null (the default) for
    /// <see cref="DefaultMemoryBudget"/>. It shows in a result's last bits, and in no probe.
    /// </summary>
    public long? MemoryBudget { get; init; }

    /// <summary>
    /// Bytes that shards may take which are kept for their next probes; null (the default) for <see cref="MemoryBudget"/>. It shows
    /// in no result.
    /// </summary>
    public long? KeptMemory { get; init; }

    /// <summary>What is told of a probe; one value a parameter in parameter space only. Default: vᵀHv.</summary>
    public ProbeResult Result { get; init; }

    /// <summary>
    /// V, where the diagonal is asked for: if there are no more basis vectors than that, they take the random probes' place, and their sum is
    /// exact. Default: as many as there are.
    /// </summary>
    public long MostProbes { get; init; } = long.MaxValue;

    /// <summary>The vectors that are multiplied, in parameter space; null (the default) for random probes or basis vectors.</summary>
    public GivenVectors? Vectors { get; init; }

    /// <summary>
    /// m, so many products of a Lanczos run for each probe, whose values are then the nodes and the weights of a quadrature of vᵀf(H)v; null (the
    /// default) for vᵀHv. Probes are in parameter space.
    /// </summary>
    public int? LanczosSteps { get; init; }

    /// <summary>The method that is tried first: that which is asked for, and for few vectors at a time double backward, which was measured to be the faster one.</summary>
    internal CurvatureMethod? Preferred => Method ?? (Vectors is { Width: <= MostByAutodiff } ? CurvatureMethod.Autodiff : null);

    private const int MostByAutodiff = 2;

    /// <summary>What prediction space finds of the model, for all forms of its samples; null where each finds it for itself.</summary>
    internal PredictionPlan.Shared? Plan { get; init; }
}
