using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Wire;

/// <summary>
/// How much one message may hold. Akka.Remote drops what does not fit a frame; larger frames would hold up the
/// heartbeats behind them, so what is large travels in pieces.
/// </summary>
public static class WireFrame
{
    /// <summary>Bytes in a frame, with the addresses of sender and recipient; Akka's own default.</summary>
    public const int MaxFrameBytes = 128_000;

    /// <summary>Bytes in a message: a frame less 4,000 for the addresses.</summary>
    public const int MaxMessageBytes = 124_000;

    /// <summary>Quadratic forms in one <see cref="Messages.ChunkDone"/>: 8 bytes each, and 4,000 for everything else.</summary>
    public const int MaxValues = 15_000;

    /// <summary>Values in a blob: a protobuf message has at most 2 GB.</summary>
    public const long MaxBlobValues = 250_000_000;

    /// <summary>Why a chunk's vectors of all parameters would not fit a blob; null where they do.</summary>
    /// <param name="spec">What is computed.</param>
    /// <param name="columns">Values per vector.</param>
    public static Problem? CheckVectors(JobSpec spec, int columns)
    {
        ArgumentNullException.ThrowIfNull(spec);
        int rows = spec.Estimator.RowsOf(spec.ChunkSize);
        return (long)rows * columns <= MaxBlobValues ? null : Problem.Of("v-batch", spec.ChunkSize, FormattableString.Invariant(
            $"cannot be right on a cluster: {rows:N0} vectors of {columns:N0} values are more than the {MaxBlobValues:N0} that travel at once"));
    }

    /// <summary>How many probes a chunk may have where each has so many values.</summary>
    /// <param name="columns">Values per probe, at least 1: one a block, or one in all.</param>
    /// <param name="withSpread">Whether several of them have a spread too.</param>
    public static int MaxProbes(int columns, bool withSpread = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        int most = MaxValues / columns;
        // Two numbers for each column and for their sum.
        return most < 2 || !withSpread ? most : Math.Max(1, (MaxValues - 2 * (columns + 1)) / columns);
    }

    /// <summary>
    /// Why a chunk's result would not fit a frame; null where it does. A worker asks once its replica is ready, since
    /// only the replica knows its blocks, and refuses the job before the first chunk.
    /// </summary>
    /// <param name="spec">What is computed.</param>
    /// <param name="columns">Values per probe.</param>
    public static Problem? Check(JobSpec spec, int columns)
    {
        ArgumentNullException.ThrowIfNull(spec);
        int most = MaxProbes(columns);
        // Where nobody says how many probes a chunk has, it has so many as fit.
        if (spec.ChunkSize <= most || (spec.VBatch is null && most > 0)) return null;
        return most == 0
            ? Problem.Of("v-batch", spec.ChunkSize, FormattableString.Invariant(
                $"cannot be right on a cluster: the model's {columns:N0} blocks are more than the {MaxValues:N0} values of a message"))
            : Problem.Of("v-batch", spec.ChunkSize, FormattableString.Invariant(
                $"must be at most {most} on a cluster, where {columns:N0} values a probe have to fit a message of {MaxValues:N0}"));
    }
}
