using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The quadratic forms vᵀHv of one curvature matrix at one batch, for probes that are known by their number.
/// An instance belongs to one thread at a time.
/// </summary>
public interface IQuadraticForm : IDisposable
{
    /// <summary>How the quadratic forms are computed.</summary>
    CurvatureMethod Method { get; }

    /// <summary>Why <see cref="Method"/> was picked, or that it was asked for: one short sentence.</summary>
    string MethodReason { get; }

    /// <summary>
    /// Names of the blocks whose quadratic forms are told apart, in the model's order; empty where only their
    /// sum is known (<see cref="CurvatureMethod.Quadratic"/> on the full matrix).
    /// </summary>
    IReadOnlyList<string> Blocks { get; }

    /// <summary>The blocks' shapes, where each parameter has a value of its own, by <see cref="CurvatureOptions.Result"/>; else none.</summary>
    IReadOnlyList<long[]> Shapes => [];

    /// <summary>Values per probe: one a parameter, or one a block, or one in all.</summary>
    int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);

    /// <summary>
    /// How many basis vectors add up to the exact trace; probe numbers of
    /// <see cref="Probes.ProbeDistribution.Basis"/> run from 0 to this.
    /// </summary>
    long BasisCount { get; }

    /// <summary>Evaluates vᵀHv for the probes <paramref name="firstProbe"/>, …, one after another.</summary>
    /// <param name="firstProbe">The first probe's number, from 0.</param>
    /// <param name="count">How many probes, at least 1.</param>
    /// <param name="cancellation">Looked at between sub-batches.</param>
    /// <returns>One row a probe, one column a block.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CurvatureException">libtorch could not compute it, or a result is not finite.</exception>
    ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default);

    /// <summary>Where probes are drawn.</summary>
    ProbeSpace ProbeSpace => ProbeSpace.Parameter;

    /// <summary>Samples in a shard, of which each has quadratic forms of its own; as many as there are where there is one.</summary>
    long ShardSize => Curvature.ShardSize.Whole;

    /// <summary>
    /// About how many passes of one lane forward through the samples a probe takes, for those who choose between forms: one backward, or
    /// through a sweep, counts twice. Default: 1.
    /// </summary>
    double Passes => 1;

    /// <summary>Bytes that it keeps between two calls, for those who plan memory; 0 where it does not tell.</summary>
    long KeptBytes => 0;

    /// <summary>Evaluates vᵀHv of the risk over one shard's samples alone.</summary>
    /// <param name="tile">Probes, and the samples of one shard.</param>
    /// <param name="keeps">Whether other probes of the same samples are to follow, so that what is known of them is kept.</param>
    /// <param name="cancellation">Looked at between sub-batches.</param>
    /// <returns>One row a probe, one column a block, and the shard's weight.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CurvatureException">As for all samples; or the shard's samples cannot be read, or are wrong.</exception>
    ProbeValues Evaluate(Tile tile, bool keeps, CancellationToken cancellation = default) =>
        Evaluate(tile.FirstProbe, tile.Probes, cancellation);

    /// <summary>
    /// Computes as little as loads what computing needs, such as libtorch's kernels, so that no first call is slow for it.
    /// Nothing of it shows in a later value.
    /// </summary>
    /// <param name="cancellation">Looked at between sub-batches.</param>
    /// <returns>What was computed: the same to the last bit wherever devices round alike, and of no other meaning.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="CurvatureException">libtorch could not compute it, or a result is not finite.</exception>
    ProbeValues WarmUp(CancellationToken cancellation = default) => Evaluate(0, 1, cancellation);
}
