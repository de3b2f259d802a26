using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// A risk over samples that are cut into shards: L = Σ_s w_s L_s / Σ_s w_s over the shards s, where w_s is what the loss of a shard
/// divides by (L = Σ_s L_s for a sum). Each shard is a risk of its own, so whoever has a shard can compute with it.
/// </summary>
/// <remarks>
/// That is so where the model treats each sample for itself: where it does not, and nobody asks for shards, all samples are one.
/// Model and samples stay the caller's, and so does their disposal. An instance belongs to one thread at a time.
/// </remarks>
public sealed class ShardedRisk : IDisposable
{
    /// <summary>A shard of so many bytes or fewer is read once and kept while it is in use; of a larger one, a micro-batch at a time is.</summary>
    private const long KeptBytes = 4 * Curvature.ShardSize.Bytes;

    private readonly long? _shardSize;
    private readonly long? _kind;
    private readonly long? _microBatch;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Lazy<long> _bytesPerSample;
    private readonly Lazy<string?> _mixing;
    private long? _size;
    private (long First, ISamples Samples, double Weight, IDisposable? Kept)? _open;

    /// <summary>A risk over all samples, of which none is read yet.</summary>
    /// <param name="model">The model f.</param>
    /// <param name="loss">The loss ℓ with its reduction.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="shardSize">
    /// How many are in a shard; null for <see cref="Curvature.ShardSize.Auto"/>, or a micro-batch where that is more; <see cref="Curvature.ShardSize.Small"/> or
    /// <see cref="Curvature.ShardSize.Few"/>.
    /// </param>
    /// <param name="microBatch">How many are computed with at a time; null for <see cref="MicroBatchSize.Auto"/>.</param>
    public ShardedRisk(nn.Module<Tensor, Tensor> model, Loss loss, ISamples samples, long? shardSize = null, long? microBatch = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(samples);
        (Model, Loss, Samples, _shardSize, _microBatch) = (model, loss, samples, shardSize < 0 ? null : shardSize, microBatch);
        _kind = shardSize;
        var parameter = model.parameters().FirstOrDefault(p => p.requires_grad);
        (_device, _dtype) = parameter is null ? (CPU, ScalarType.Float32) : (parameter.device, parameter.dtype);
        _bytesPerSample = new Lazy<long>(() => Curvature.ShardSize.BytesPerSample(samples, _dtype));
        _mixing = new Lazy<string?>(() => Open(0, null).Mixing, LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The model f.</summary>
    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss ℓ and its reduction.</summary>
    public Loss Loss { get; }

    /// <summary>The samples.</summary>
    public ISamples Samples { get; }

    /// <summary>N.</summary>
    public long SampleCount => Samples.SampleCount;

    /// <summary>Samples in a shard; N where there is one. Where nobody said it, the first samples are read to find it.</summary>
    /// <exception cref="CurvatureException">They cannot be read, or the model cannot take them.</exception>
    public long ShardSize => _size ??= Decide();

    /// <summary>The shards, of any number of probes.</summary>
    public WorkGrid Shards => new(0, 1, SampleCount, ShardSize);

    /// <summary>One shard's risk, for use until another shard is opened. Its samples have been looked through.</summary>
    /// <param name="shard">From 0 on.</param>
    /// <param name="microBatch">How many samples are computed with at a time; null for a few.</param>
    /// <exception cref="CurvatureException">Its samples cannot be read, or are wrong.</exception>
    public MicroBatchedRisk Open(long shard, long? microBatch)
    {
        var tile = Shards.Of(0, 0, shard);
        return Over(Take(tile), tile.FirstSample, microBatch);
    }

    /// <summary>How much a shard's quadratic forms count beside those of others.</summary>
    internal double Weight(long shard) => (Open(shard, null), _open!.Value.Weight).Weight;

    /// <summary>How many samples are computed with at a time, in every shard.</summary>
    public long MicroBatch(CurvatureOptions options) => _microBatch ?? MicroBatchSize.Auto(Model, Loss, Open(0, null).Samples, options);

    /// <summary>All samples as one risk.</summary>
    public MicroBatchedRisk Whole(CurvatureOptions options) => new(Model, Loss, Samples, MicroBatch(options));

    /// <summary>Whether the sum over the shards is L: where there are several, samples must be independent.</summary>
    /// <exception cref="CurvatureException">They are not: how, since which layer, and what to do.</exception>
    public void CheckIndependence()
    {
        if (Shards.Shards == 1 || _mixing.Value is not { } mixing) return;
        throw new CurvatureException(
            $"{mixing}. The sum over {Shards.Shards:N0} shards of {ShardSize:N0} samples is another function with another trace: use "
            + "ShardSize.Whole for all samples in one batch.");
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private MicroBatchedRisk Over(ISamples samples, long first, long? microBatch) =>
        new(Model, Loss, samples, microBatch ?? _microBatch ?? MicroBatchSize.ForUnknownLayers)
        {
            FirstSample = first,
            IsShard = samples.SampleCount < SampleCount,
            MixingElsewhere = first == 0 ? null : () => _mixing.Value,
        };

    /// <summary>A shard's samples, looked through.</summary>
    private ISamples Take(Tile tile)
    {
        if (_open is { } open && open.First == tile.FirstSample && open.Samples.SampleCount == tile.Samples) return open.Samples;
        Close();
        var samples = tile.Samples == SampleCount ? Samples : new SampleRange(Samples, tile.FirstSample, tile.Samples);
        Batch? kept = null;
        // Whoever says how many are computed with at a time does not want more in memory.
        bool isKept = tile.Samples <= (_microBatch ?? long.MaxValue) && tile.Samples * _bytesPerSample.Value <= KeptBytes;
        if (isKept) samples = kept = new Batch(samples, _dtype, _device);
        try
        {
            var risk = Over(samples, tile.FirstSample, null);
            var (weight, foldWeight) = risk.LookThrough();
            if (weight == 0 && !risk.IsShard) throw EmpiricalRisk.NothingCounts();
            _open = (tile.FirstSample, samples, foldWeight, kept);
            return samples;
        }
        catch (Exception error)
        {
            kept?.Dispose();
            // Whoever has all samples says so before the first chunk, and it is an error like any other.
            if (tile.Samples < SampleCount && error is CurvatureException and not MachineException) throw new SamplesException(error.Message, error);
            throw;
        }
    }

    private void Close()
    {
        _open?.Kept?.Dispose();
        _open = null;
    }

    private long Decide()
    {
        // So many samples as are asked for at a time are in one shard.
        long size = Math.Min(SampleCount, _shardSize ?? _kind switch
        {
            Curvature.ShardSize.Small => Curvature.ShardSize.AutoSmall(Samples, _dtype),
            Curvature.ShardSize.Few => Math.Max(Curvature.ShardSize.AutoFew(Samples, _dtype), _microBatch ?? 1),
            _ => Math.Max(Curvature.ShardSize.Auto(Samples, _dtype), _microBatch ?? 1),
        });
        if (_shardSize is not null || size == SampleCount) return size;
        // Known from here on, since the first shard is asked for its samples.
        _size = size;
        return _mixing.Value is null ? size : SampleCount;
    }

    /// <summary>A shard's samples in memory.</summary>
    private sealed class Batch : ISamples, IDisposable
    {
        private readonly ISamples _source;
        private readonly ModelInputs _inputs;
        private readonly Tensor _targets;

        public Batch(ISamples source, ScalarType dtype, Device device)
        {
            _source = source;
            (_inputs, _targets) = source.Read(0, source.SampleCount, dtype, device);
        }

        public long SampleCount => _source.SampleCount;

        public long Offset => _source.Offset;

        public (ModelInputs Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device) =>
            (_inputs.Narrow(first, count), _targets.narrow(0, first, count));

        public void CheckFinite(long first, long count, ScalarType dtype) => _source.CheckFinite(first, count, dtype);

        public void Dispose()
        {
            _inputs.Dispose();
            _targets.Dispose();
        }
    }
}
