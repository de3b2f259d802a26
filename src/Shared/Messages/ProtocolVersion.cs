namespace ActorHutch.Shared.Messages;

/// <summary>
/// Which protocol a process speaks. Coordinator and workers of one job speak the same, because a difference could
/// show in its result.
/// </summary>
public static class ProtocolVersion
{
    /// <summary>
    /// This release's. Raised by whatever an older release would get wrong: a field that matters to the result, another
    /// mapping of probes to random bits, another meaning of a message.
    /// </summary>
    public const int Current = 7;

    /// <summary>Why a worker is refused, for people; null where it speaks the protocol of this coordinator.</summary>
    public static string? Refusal(RegisterWorker worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        if (worker.Protocol == Current) return null;
        return FormattableString.Invariant(
            $"worker {worker.Id} speaks version {worker.Protocol} of the protocol and the coordinator version {Current}: ")
            + "run the same release of ActorHutch on both";
    }
}
