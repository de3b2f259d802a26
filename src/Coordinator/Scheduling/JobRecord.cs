using ActorHutch.Curvature.Operators;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>How a result came about, kept where the job's policy asks for it.</summary>
/// <param name="Blocks">Names of the values' columns; none where they have a single one without a name.</param>
/// <param name="Values">The values of all probes that the result rests on, in their order.</param>
/// <param name="History">The moments of the first of them.</param>
/// <param name="Timeline">When each chunk ran where.</param>
internal sealed record JobRecord(IReadOnlyList<string> Blocks, IReadOnlyList<ProbeValues> Values, EstimateHistory History, Timeline Timeline);
