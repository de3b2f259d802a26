namespace ActorHutch.Curvature.Data;

/// <summary>Where samples are.</summary>
/// <param name="Inputs">
/// The file of the inputs: of one array, or of several of which one is called <c>inputs</c>.
/// </param>
/// <param name="Targets">
/// The file of the targets: of one array, or of several of which one is called <c>targets</c>. Null where the arrays
/// <c>inputs</c> and <c>targets</c> are in one file.
/// </param>
public sealed record DatasetFiles(string Inputs, string? Targets = null);
