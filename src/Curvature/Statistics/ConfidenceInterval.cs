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
        if (moments.Count < 2)
            return new ConfidenceInterval(level, double.NegativeInfinity, double.PositiveInfinity);

        double halfWidth = StudentT.InvCDF(0, 1, moments.Count - 1, (1 + level) / 2) * moments.StandardError;
        return new ConfidenceInterval(level, moments.Mean - halfWidth, moments.Mean + halfWidth);
    }

    /// <summary>The interval with so much more on either side, for an error that does not average out.</summary>
    public ConfidenceInterval Widened(double error) => error == 0 ? this : this with { Low = Low - error, High = High + error };

    /// <summary>Whether a value lies in the interval, its ends included.</summary>
    public bool Contains(double value) => Low <= value && value <= High;
}
