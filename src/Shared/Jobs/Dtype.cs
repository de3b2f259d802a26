using System.Diagnostics.CodeAnalysis;

namespace ActorHutch.Shared.Jobs;

/// <summary>The number type of weights, batch and arithmetic. Sums over probes are double precision in any case.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The field's own names.")]
public enum Dtype
{
    /// <summary>Single precision.</summary>
    Float32,

    /// <summary>Double precision.</summary>
    Float64,
}
