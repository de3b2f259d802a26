namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// What is remembered of chunks that are over. Of one that was issued once that is nothing; of one that was issued again,
/// to be verified say, it is an entry in <see cref="Troubles"/>, 144 bytes, which would be all that a long job's memory
/// goes to.
/// </content>
internal sealed partial record JobState
{
    /// <summary>So many entries are kept before those of chunks that are over are looked for: two megabytes.</summary>
    internal const int MostRemembered = 1 << 14;

    private int KeptOfThem { get; init; }

    /// <summary>
    /// Forgets the chunks that are done, confirmed and in nobody's hands. An answer that comes later still is stale, where
    /// it is not to the first attempt.
    /// </summary>
    private JobState ForgetWhatIsOver()
    {
        // Twice as many as the last time, so that looking costs little for each.
        if (Troubles.Count < Math.Max(MostRemembered, 2 * KeptOfThem)) return this;
        var kept = Troubles.RemoveRange(Troubles.Keys.Where(IsOver));
        return this with { Troubles = kept, KeptOfThem = kept.Count };
    }

    private bool IsOver(long chunk) => IsDone(chunk) && !InFlight.ContainsKey(chunk) && !Unconfirmed.ContainsKey(chunk);
}
