namespace ActorHutch.Curvature.Statistics;

/// <summary>A sum in double precision whose error does not grow with the number of terms.</summary>
/// <remarks>A. Neumaier, «Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen», 1974.</remarks>
public struct CompensatedSum
{
    private double _sum;
    private double _compensation;

    /// <summary>The sum so far.</summary>
    public readonly double Value => _sum + _compensation;

    /// <summary>Adds one term.</summary>
    public void Add(double term)
    {
        double sum = _sum + term;
        _compensation += Math.Abs(_sum) >= Math.Abs(term) ? _sum - sum + term : term - sum + _sum;
        _sum = sum;
    }
}
