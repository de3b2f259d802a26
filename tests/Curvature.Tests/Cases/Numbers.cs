using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Fixed float64 numbers for tests, independent of libtorch's generators and of our own.</summary>
internal sealed class Numbers(int seed)
{
    private readonly Random _random = new(seed);

    public Tensor Normal(params long[] shape)
    {
        var values = new double[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble()));
            values[i] = radius * Math.Cos(2 * Math.PI * _random.NextDouble());
        }

        return tensor(values, shape);
    }

    /// <summary>Integers from 0 to <paramref name="below"/>.</summary>
    public Tensor Classes(long below, params long[] shape)
    {
        var values = new long[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++) values[i] = _random.NextInt64(below);
        return tensor(values, shape);
    }
}
