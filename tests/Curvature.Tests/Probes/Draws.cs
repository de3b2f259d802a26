using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

/// <summary>Probes as arrays.</summary>
internal static class Draws
{
    /// <summary>Row by row, the probes of a block of the given size, number and type.</summary>
    public static double[] Of(
        PhiloxProbes probes, long first, int count, int size, int block = 0, ScalarType dtype = ScalarType.Float64)
    {
        using var scope = NewDisposeScope();
        var parameter = new ParameterBlock("weight", nn.Parameter(zeros(size, dtype)), block);
        return Dense.ToArray(probes.Draw(parameter, first, count));
    }
}
