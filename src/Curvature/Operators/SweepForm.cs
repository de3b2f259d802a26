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
        if (structure == BlockStructure.Full)
        {
            var byParameter = Risk.Blocks.ToDictionary(
                block => block.Parameter.Handle, block => probes.Draw(block, firstProbe, count));
            return linearization
                .QuadraticForms(count, parameter => byParameter.GetValueOrDefault(parameter.Handle))
                .unsqueeze(1);
        }

        return stack(Risk.Blocks.Select(block => Block(block, firstProbe, count)), 1);
    }

    /// <inheritdoc/>
    public override void Dispose() => linearization.Dispose();

    private Tensor Block(ParameterBlock block, long firstProbe, int count)
    {
        using var vectors = probes.Draw(block, firstProbe, count);
        return vectors is null
            ? zeros([count], Risk.Dtype, Risk.Device)
            : linearization.QuadraticForms(
                count, parameter => parameter.Handle == block.Parameter.Handle ? vectors : null);
    }
}
