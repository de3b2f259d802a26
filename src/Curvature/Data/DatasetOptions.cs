using ActorHutch.Curvature.Data.Arrays;

namespace ActorHutch.Curvature.Data;

/// <summary>Which samples are used, and how their inputs are scaled and normalised.</summary>
public sealed record DatasetOptions
{
    /// <summary>
    /// What the model takes. Default: one input, in the array "inputs". Where there are several, each is the array of its name.
    /// </summary>
    public IReadOnlyList<ModelInput>? Inputs { get; init; }

    /// <summary>The first sample that is used, counted from 0. Default 0.</summary>
    public long Offset { get; init; }

    /// <summary>How many are used. Default: all from <see cref="Offset"/> on.</summary>
    public long? Samples { get; init; }

    /// <summary>
    /// What inputs are multiplied by, before they are normalised; whole numbers become real ones. Default: 1/255 for
    /// the bytes of IDX, in which images come; all others stay as they are.
    /// </summary>
    public InputScale? Scale { get; init; }

    /// <summary>μ in (x − μ) / σ. Default: 0 where <see cref="Deviation"/> is given; without both, x stays as it is.</summary>
    public double? Mean { get; init; }

    /// <summary>σ in (x − μ) / σ, above 0. Default: 1 where <see cref="Mean"/> is given.</summary>
    public double? Deviation { get; init; }
}
