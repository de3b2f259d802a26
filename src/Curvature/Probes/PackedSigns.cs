namespace ActorHutch.Curvature.Probes;

/// <summary>One block's part of a stack of Rademacher probes, a bit an entry: set for +1.</summary>
/// <param name="Words">The lanes one after another, each from a word's lowest bit on; then one spare word at least.</param>
/// <param name="Lanes">P, how many probes.</param>
/// <param name="WordsPerLane">From one lane's first word to the next one's.</param>
internal readonly record struct PackedSigns(uint[] Words, int Lanes, int WordsPerLane);
