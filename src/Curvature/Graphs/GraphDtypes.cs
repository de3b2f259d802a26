using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>Number types that a described graph names.</summary>
internal static class GraphDtypes
{
    /// <summary>Number types by their names; null for the model's own.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType?> All = new Dictionary<string, ScalarType?>(StringComparer.Ordinal)
    {
        ["float"] = null,
        ["int64"] = ScalarType.Int64,
        ["int32"] = ScalarType.Int32,
        ["int16"] = ScalarType.Int16,
        ["int8"] = ScalarType.Int8,
        ["uint8"] = ScalarType.Byte,
        ["bool"] = ScalarType.Bool,
    };

    /// <summary>Number types that inputs can have: of whole numbers, a model takes the widest.</summary>
    public static readonly IReadOnlyDictionary<string, ScalarType?> OfInputs = new Dictionary<string, ScalarType?>(StringComparer.Ordinal)
    {
        ["float"] = null,
        ["int64"] = ScalarType.Int64,
        ["bool"] = ScalarType.Bool,
    };
}
