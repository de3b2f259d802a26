using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>Tensors as messages show them: <c>Float32[3, 4]</c>.</summary>
internal static class TensorText
{
    /// <summary>A tensor's number type and shape.</summary>
    public static string Describe(Tensor tensor) => Describe(tensor.dtype, tensor.shape);

    /// <summary>A number type and a shape.</summary>
    public static string Describe(ScalarType dtype, long[] shape) => $"{dtype}[{string.Join(", ", shape)}]";
}
