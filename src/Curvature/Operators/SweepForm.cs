using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Sweeps;
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
    protected override IEnumerable<Operation> Operations => linearization.Operations;

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
        var byParameter = new Dictionary<IntPtr, BlockProbes>();
        foreach (var block in blocks)
        {
            // Known by their numbers, so they are made when an operation asks, in the form that it asks for.
            if (probes is PhiloxProbes philox)
                byParameter.Add(block.Parameter.Handle, new BlockProbes(() => philox.Draw(block, firstProbe, count), () => philox.Pack(block, firstProbe, count)));
            else if (probes.Draw(block, firstProbe, count) is { } drawn)
                byParameter.Add(block.Parameter.Handle, new BlockProbes(drawn));
        }

        return byParameter.Count == 0 ? zeros([count], Risk.Dtype, Risk.Device) : linearization.QuadraticForms(count, byParameter);
    }
}
