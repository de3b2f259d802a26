using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>One probe of somebody else's, given by name: probe 0. All others are zero.</summary>
public sealed class GivenProbes : TensorOwner, IProbeSource
{
    private readonly Dictionary<string, Tensor> _probe;

    /// <summary>Copies a probe.</summary>
    /// <param name="risk">The risk whose parameters it belongs to.</param>
    /// <param name="probe">One tensor for each trainable parameter, by its name and of its shape.</param>
    /// <exception cref="CurvatureException">
    /// Names or shapes are not the parameters': the message lists all that differ.
    /// </exception>
    public GivenProbes(EmpiricalRisk risk, ArrayFile probe)
    {
        ArgumentNullException.ThrowIfNull(risk);
        ArgumentNullException.ThrowIfNull(probe);
        using var scope = NewDisposeScope();
        var wanted = risk.Blocks.Select(block => (block.Name, block.Parameter)).ToArray();
        _probe = NamedArrays.Match(wanted, probe, "The probes", "model").ToDictionary(
            pair => pair.Array.Name, pair => Keep(NamedArrays.Read(pair.Array, risk.Dtype).to(risk.Device)));
    }

    /// <inheritdoc/>
    public Tensor? Draw(ParameterBlock block, long firstProbe, int count)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (firstProbe > 0) return null;

        var drawn = zeros([count, .. block.Shape], block.Parameter.dtype, block.Parameter.device);
        using var first = drawn[0];
        first.copy_(_probe[block.Name]);
        return drawn;
    }
}
