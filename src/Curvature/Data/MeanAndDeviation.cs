using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data;

/// <summary>(x − μ) / σ.</summary>
internal sealed record MeanAndDeviation(double Mean, double Deviation)
{
    /// <summary>Null where none is asked for.</summary>
    /// <exception cref="CurvatureException">The numbers normalise nothing.</exception>
    public static MeanAndDeviation? Of(DatasetOptions options)
    {
        if (options is { Mean: null, Deviation: null }) return null;
        var (mean, deviation) = (options.Mean ?? 0, options.Deviation ?? 1);
        if (!double.IsFinite(mean)) throw new CurvatureException($"The mean to normalise by is {mean}; it must be finite.");
        return double.IsFinite(deviation) && deviation > 0
            ? new MeanAndDeviation(mean, deviation)
            : throw new CurvatureException($"The deviation to normalise by is {deviation}; it must be finite and above 0.");
    }

    /// <summary>(x − μ) / σ, in place.</summary>
    public void Apply(Tensor numbers)
    {
        using Scalar mean = Mean;
        using Scalar deviation = Deviation;
        numbers.sub_(mean).div_(deviation);
    }
}
