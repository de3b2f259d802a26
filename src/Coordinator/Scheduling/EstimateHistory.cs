using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// How an estimate came about: the moments of its first chunks, at evenly spaced numbers of chunks, never more than
/// <see cref="Capacity"/> points. It depends on the probes alone, not on when they came, or who looked.
/// </summary>
/// <remarks>When it is full, every second point goes and the spacing doubles: a million chunks cost some 3,000 points.</remarks>
internal sealed class EstimateHistory
{
    /// <summary>The most points there are.</summary>
    public const int Capacity = 500;

    private readonly Moments[] _points = new Moments[Capacity];
    private int _count;

    /// <summary>How many chunks lie between two points.</summary>
    public long Stride { get; private set; } = 1;

    /// <summary>The points so far, in a copy of their own.</summary>
    public Moments[] Points => _points[.._count];

    /// <summary>Offers the moments of so many chunks, for each number of chunks in turn.</summary>
    public void Offer(long chunks, Moments moments)
    {
        if (chunks % Stride != 0) return;
        if (_count == Capacity)
        {
            for (_count = 0; _count < Capacity / 2; _count++) _points[_count] = _points[2 * _count + 1];
            Stride *= 2;
            if (chunks % Stride != 0) return;
        }

        _points[_count++] = moments;
    }
}
