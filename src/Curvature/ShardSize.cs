using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>How many samples a shard has where nobody says it: a function of the samples alone.</summary>
public static class ShardSize
{
    /// <summary>All samples in one shard.</summary>
    public const long Whole = long.MaxValue;

    /// <summary>Shards for a sample of them: about <see cref="Many"/>, of <see cref="Fewest"/> samples or more.</summary>
    public const long Small = -1;

    /// <summary>Shards whose values are vectors of all parameters: of <see cref="FewSamples"/> or more, so that there are at most <see cref="MostFew"/>.</summary>
    public const long Few = -2;

    /// <summary>So many samples of a few shards are computed with at a time.</summary>
    public const long FewSamples = 256;

    /// <summary>So many few shards there are at most: enough for as many workers, and few enough for their vectors to be added up.</summary>
    public const long MostFew = 32;

    /// <summary>So many small shards there are: enough of them to stop at any place, and few enough to be worth their set-up.</summary>
    public const long Many = 1024;

    /// <summary>So many samples a small shard has at least.</summary>
    public const long Fewest = 32;

    /// <summary>
    /// So many samples, or fewer, are one shard: with more, the matrix products of a sweep run at full speed, and what a
    /// shard alone costs is small beside them.
    /// </summary>
    public const long Samples = 1024;

    /// <summary>The bytes of a shard's samples, as the model takes them.</summary>
    public const long Bytes = 64L << 20;

    /// <summary>Shards of nearly one size, none larger than <see cref="Samples"/> or <see cref="Bytes"/> allow.</summary>
    /// <param name="samples">The samples, of which the first is read.</param>
    /// <param name="dtype">The computation's type.</param>
    public static long Auto(ISamples samples, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(samples);
        long all = samples.SampleCount;
        return Cut(all, MostOf(samples, dtype));
    }

    /// <summary><see cref="Small"/> shards, where they fit: as many samples for each but the last.</summary>
    public static long AutoSmall(ISamples samples, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return Cut(samples.SampleCount, Math.Min(MostOf(samples, dtype), Math.Max(Fewest, (samples.SampleCount + Many - 1) / Many)));
    }

    /// <summary><see cref="Few"/> shards.</summary>
    public static long AutoFew(ISamples samples, ScalarType dtype)
    {
        ArgumentNullException.ThrowIfNull(samples);
        return Cut(samples.SampleCount, Math.Max(Math.Min(FewSamples, MostOf(samples, dtype)), (samples.SampleCount + MostFew - 1) / MostFew));
    }

    private static long MostOf(ISamples samples, ScalarType dtype) => Math.Clamp(Bytes / BytesPerSample(samples, dtype), 1, Samples);

    private static long Cut(long all, long most)
    {
        long shards = (all + most - 1) / most;
        return shards <= 1 ? Whole : (all + shards - 1) / shards;
    }

    /// <summary>What a sample takes in memory, with its target.</summary>
    internal static long BytesPerSample(ISamples samples, ScalarType dtype)
    {
        var (inputs, targets) = samples.Read(0, 1, dtype, CPU);
        using (inputs)
        using (targets)
            return Math.Max(1, inputs.Append(targets).Sum(tensor => tensor.numel() * tensor.element_size()));
    }
}
