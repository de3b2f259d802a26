namespace ActorHutch.Coordinator.Reports;

/// <summary>
/// When a long job should say something again: after a tenth of the time that it has taken so far. An hour is told in
/// some sixty lines, and a day in some ninety.
/// </summary>
internal sealed class Milestones
{
    private readonly TimeSpan _shortest;
    private TimeSpan _next;

    /// <param name="shortest">The shortest time between two lines.</param>
    public Milestones(TimeSpan shortest) => (_shortest, _next) = (shortest, shortest);

    /// <summary>Whether it is time.</summary>
    /// <param name="elapsed">The job's time so far.</param>
    public bool Reached(TimeSpan elapsed)
    {
        if (elapsed < _next) return false;
        var share = elapsed / 10;
        _next = elapsed + (share > _shortest ? share : _shortest);
        return true;
    }
}
