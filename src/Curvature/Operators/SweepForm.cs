using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>vᵀHv by forward-only sweeps, with probes in parameter space: one sweep in all, or one a block.</summary>
internal sealed class SweepForm(
    Linearization linearization, BlockStructure structure, IProbeSource probes, int largestStack)
    : StackedForm(linearization.Risk)
{
    /// <inheritdoc/>
    public override CurvatureMethod Method => CurvatureMethod.Quadratic;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Blocks => structure == BlockStructure.Full ? [] : base.Blocks;

    /// <inheritdoc/>
    public override long BasisCount => Risk.ParameterCount;

    /// <inheritdoc/>
    protected override int LargestStack => largestStack;

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        if (structure == BlockStructure.Full) return Sweep(Risk.Blocks, firstProbe, count).unsqueeze(1);

        return stack(
            Risk.Blocks.Select(block =>
            {
                using var scope = NewDisposeScope();
                return Sweep([block], firstProbe, count).MoveToOuterDisposeScope();
            }),
            1);
    }

    /// <inheritdoc/>
    public override void Dispose() => linearization.Dispose();

    /// <summary>One sweep with probes in some blocks and zeros in the others.</summary>
    private Tensor Sweep(IReadOnlyList<ParameterBlock> blocks, long firstProbe, int count)
    {
        var byParameter = blocks.ToDictionary(block => block.Parameter.Handle);
        if (probes is PhiloxProbes philox)
        {
            // Known by their numbers, so they are made when a layer asks, in the form that it asks for.
            var made = new Dictionary<ParameterBlock, Tensor>();
            return linearization.QuadraticForms(
                count,
                parameter => byParameter.TryGetValue(parameter.Handle, out var block) ? Made(block) : null,
                parameter => byParameter.TryGetValue(parameter.Handle, out var block)
                    ? philox.Pack(block, firstProbe, count)
                    : null);

            Tensor Made(ParameterBlock block) =>
                made.TryGetValue(block, out var drawn) ? drawn : made[block] = philox.Draw(block, firstProbe, count);
        }

        var vectors = blocks.ToDictionary(block => block.Parameter.Handle, block => probes.Draw(block, firstProbe, count));
        return vectors.Values.All(vector => vector is null)
            ? zeros([count], Risk.Dtype, Risk.Device)
            : linearization.QuadraticForms(count, parameter => vectors.GetValueOrDefault(parameter.Handle));
    }
}
