using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>What tests ask of a file.</summary>
internal static class Reading
{
    /// <summary>The numbers of a tensor, in order.</summary>
    public static double[] Numbers(Tensor tensor)
    {
        using (tensor)
        {
            using var numbers = tensor.to(ScalarType.Float64).contiguous();
            return [.. numbers.data<double>()];
        }
    }

    /// <summary>All numbers of a file's only array, after a look at its shape and type.</summary>
    public static double[] Only(string path, long[] shape, ScalarType dtype)
    {
        using var file = ArrayFiles.Open(path);
        var array = Assert.Single(file.Arrays);
        Assert.Equal((path, dtype), (file.Path, array.Dtype));
        Assert.Equal(shape, array.Shape);
        var tensor = array.Read();
        Assert.Equal(shape, tensor.shape);
        Assert.Equal(dtype, tensor.dtype);
        return Numbers(tensor);
    }

    /// <summary>Opening a file, or reading what it then has, is rejected with a message that names it.</summary>
    public static void Rejects(string path, params string[] texts)
    {
        var error = Assert.Throws<CurvatureException>(() =>
        {
            using var file = ArrayFiles.Open(path);
            foreach (var array in file.Arrays) array.Read().Dispose();
        });
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        foreach (string text in texts) Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }
}
