namespace ActorHutch.Curvature;

/// <summary>A part of a job: some probes of some samples.</summary>
/// <param name="FirstProbe">The first probe.</param>
/// <param name="Probes">How many.</param>
/// <param name="FirstSample">The first sample, counted from 0 among those of the job.</param>
/// <param name="Samples">How many.</param>
public readonly record struct Tile(long FirstProbe, int Probes, long FirstSample, long Samples);

/// <summary>
/// A job's work, cut along its probes and along its samples: a chunk is a tile of both, so that seven probes of 60,000
/// samples are as parallel as 60,000 probes of seven.
/// </summary>
/// <remarks>
/// Chunks are numbered through the shards of the first range of probes, then through those of the second, …: results fold in
/// that order, and what some probes have found of all samples is known as early as can be.
/// </remarks>
/// <param name="Probes">V, how many probes.</param>
/// <param name="ChunkSize">Probes in a range; the last one may have fewer.</param>
/// <param name="Samples">N, how many samples.</param>
/// <param name="ShardSize">Samples in a shard; the last one may have fewer.</param>
public sealed record WorkGrid(long Probes, int ChunkSize, long Samples, long ShardSize)
{
    private SeededOrder? Order { get; init; }

    /// <summary>Whether each shard has probes of its own, so that their errors are independent.</summary>
    public bool HasOwnProbes { get; init; }

    /// <summary>How many ranges of probes there are.</summary>
    public long Ranges => (Probes + ChunkSize - 1) / ChunkSize;

    /// <summary>How many shards there are, at least 1.</summary>
    public long Shards => ShardSize >= Samples ? 1 : (Samples + ShardSize - 1) / ShardSize;

    /// <summary>How many chunks there are.</summary>
    public long Count => Ranges * Shards;

    /// <summary>The same shards in a random order, with probes of each one's own: those of shard s from s·V on.</summary>
    /// <param name="seed">Of the order.</param>
    public WorkGrid InOrder(ulong seed) => this with { Order = new SeededOrder(seed, Shards), HasOwnProbes = true };

    /// <summary>A chunk's tile.</summary>
    /// <param name="chunk">From 0 to <see cref="Count"/>.</param>
    public Tile this[long chunk]
    {
        get
        {
            var (range, shard) = Math.DivRem(chunk, Shards);
            long first = range * ChunkSize;
            return Of(first, (int)Math.Min(ChunkSize, Probes - first), shard);
        }
    }

    /// <summary>Some probes of one shard, by its place.</summary>
    public Tile Of(long firstProbe, int probes, long shard)
    {
        if (Order is not null) shard = Order[shard];
        if (HasOwnProbes) firstProbe += shard * Probes;
        long first = shard * ShardSize;
        return Shards == 1 ? new Tile(firstProbe, probes, 0, Samples) : new Tile(firstProbe, probes, first, Math.Min(ShardSize, Samples - first));
    }
}
