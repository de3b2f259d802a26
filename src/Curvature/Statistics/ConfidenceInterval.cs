using MathNet.Numerics.Distributions;

namespace ActorHutch.Curvature.Statistics;

/// <summary>An interval that covers the true mean with a stated probability.</summary>
/// <param name="Level">The probability, such as 0.95.</param>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
public readonly record struct ConfidenceInterval(double Level, double Low, double High)
{
    /// <summary>Half of its width.</summary>
    public double HalfWidth => (High - Low) / 2;

    /// <summary>Student's t interval for the mean of a sample; unbounded for fewer than two values.</summary>
    /// <param name="moments">The sample.</param>
    /// <param name="level">Between 0 and 1, both excluded.</param>
    public static ConfidenceInterval ForMean(Moments moments, double level = 0.95)
    {
        if (!(level > 0 && level < 1))
            throw new ArgumentOutOfRangeException(nameof(level), level, "A confidence level lies between 0 and 1.");
        return moments.Count < 2
            ? new ConfidenceInterval(level, double.NegativeInfinity, double.PositiveInfinity)
            : ForEstimate(moments.Mean, moments.StandardError, moments.Count - 1, level);
    }

    /// <summary>Student's t interval around an estimate.</summary>
    /// <param name="estimate">The estimate.</param>
    /// <param name="standardError">Its standard error.</param>
    /// <param name="degreesOfFreedom">With how many degrees of freedom that is known; above 0, and no whole number necessarily.</param>
    /// <param name="level">Between 0 and 1, both excluded.</param>
    public static ConfidenceInterval ForEstimate(double estimate, double standardError, double degreesOfFreedom, double level)
    {
        double halfWidth = StudentT.InvCDF(0, 1, degreesOfFreedom, (1 + level) / 2) * standardError;
        return new ConfidenceInterval(level, estimate - halfWidth, estimate + halfWidth);
    }

    /// <summary>The interval with so much more on either side, for an error that does not average out.</summary>
    public ConfidenceInterval Widened(double error) => error == 0 ? this : this with { Low = Low - error, High = High + error };

    /// <summary>Whether a value lies in the interval, its ends included.</summary>
    public bool Contains(double value) => Low <= value && value <= High;
}
