using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Risks;
using TorchSharp;

namespace ActorHutch.Curvature.Operators;

/// <summary>How many probes are taken at once.</summary>
/// <remarks>
/// A function of the model, the batch and the budget alone: the same job is cut into the same stacks everywhere, and
/// matrix products of the same shapes give the same bits.
/// </remarks>
internal static class StackSize
{
    /// <summary>
    /// What a stack may hold on a CPU without falling out of its second-level cache into memory: elementwise passes
    /// over it then cost little beside its matrix product. Larger stacks were measured to be slower.
    /// </summary>
    private const long CacheBytes = 1280 << 10;

    /// <summary>The same for a reverse sweep, whose widest values are met by few passes.</summary>
    private const long ReverseBytes = 4L << 20;

    /// <summary>A probe of each sample's own is drawn, turned, and multiplied from.</summary>
    private const int OwnCopies = 3;

    private const int FewestLanes = 8, MostLanes = 64;

    /// <summary>On a GPU a stack must be large enough to keep all of it busy.</summary>
    private const long DeviceBytes = 1L << 30;

    /// <summary>For forward-only sweeps with probes in parameter space.</summary>
    public static int ForSweeps(EmpiricalRisk risk, IEnumerable<Operation> operations, long? budget)
    {
        long bytesPerProbe = BytesPerProbe(risk, operations, out long widest);
        return Fit(Target(risk), Math.Max(widest, risk.Blocks.Max(block => block.Size) * ItemSize(risk)), budget, bytesPerProbe);
    }

    /// <summary>For sweeps in output space, where no stack of parameters' size is ever made.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="operations">Its model's operations.</param>
    /// <param name="own">How many numbers the parameters' probes of each sample's own have, of all samples together.</param>
    /// <param name="budget">The budget in bytes; null for the default.</param>
    public static int ForOutputSpace(EmpiricalRisk risk, IEnumerable<Operation> operations, long own, long? budget)
    {
        long bytesPerProbe = BytesPerProbe(risk, operations, out long widest), ofSamples = checked(ItemSize(risk) * own);
        return Fit(Target(risk), Math.Max(1, Math.Max(widest, ofSamples)), budget, checked(bytesPerProbe + OwnCopies * ofSamples));
    }

    /// <summary>For reverse sweeps through a block of samples.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="mostNumbers">The most numbers of a lane's adjoints that there are at once.</param>
    /// <param name="lanes">How many lanes the block was made for.</param>
    /// <param name="budget">The budget in bytes; null for the default.</param>
    public static int ForReverseSweeps(EmpiricalRisk risk, long mostNumbers, int lanes, long? budget) =>
        Fit(lanes, 1, budget, Math.Max(1, 2 * ItemSize(risk) * mostNumbers));

    /// <summary>
    /// How many samples go back at once: with all lanes of a stack as much as stays in a processor's cache. What the lanes share of a
    /// sample, such as what a convolution sees, is computed once a stack, so that a stack is high before a block is long.
    /// </summary>
    /// <param name="some">Some samples.</param>
    /// <param name="own">How many numbers the parameters' probes of each sample's own have.</param>
    /// <param name="budget">The budget in bytes; null for the default.</param>
    /// <param name="lanes">How many lanes a stack has.</param>
    public static long SamplesOfReverseSweeps(Linearization some, long own, long? budget, out int lanes)
    {
        var risk = some.Risk;
        BytesPerProbe(risk, some.Operations, out long widest);
        long bytes = Math.Max(1, widest / some.SampleCount), target = risk.Device.type == DeviceType.CPU ? ReverseBytes : DeviceBytes;
        lanes = (int)Math.Clamp(target / bytes, 1, Math.Clamp(some.OutputSize, FewestLanes, MostLanes));
        // At least one lane of such probes must fit.
        long most = own == 0 ? long.MaxValue : (budget ?? CurvatureOptions.DefaultMemoryBudget) / (2 * OwnCopies * ItemSize(risk) * own);
        return Math.Clamp(target / (bytes * lanes), 1, Math.Max(1, most));
    }

    /// <summary>For Hessian-matrix products: as many as are asked for at once, if they fit.</summary>
    public static int ForProducts(EmpiricalRisk risk, IEnumerable<Operation> operations, long? budget)
    {
        long bytesPerProbe = 3 * BytesPerProbe(risk, operations, out _);
        return Fit(long.MaxValue, 1, budget, bytesPerProbe);
    }

    /// <summary>What a batch takes between two stacks of probes: the samples, and what the operations keep of each sample's activations.</summary>
    public static long KeptBytes(EmpiricalRisk risk, IEnumerable<Operation> operations) =>
        risk.Inputs.Sum(input => input.numel() * input.element_size()) + ItemSize(risk) * MicroBatchSize.Copies * operations.Sum(operation => operation.LaneSize);

    private static int Fit(long target, long peak, long? budget, long bytesPerProbe) =>
        (int)Math.Clamp(Math.Min(target / peak, (budget ?? CurvatureOptions.DefaultMemoryBudget) / bytesPerProbe), 1, int.MaxValue);

    private static long Target(EmpiricalRisk risk) => risk.Device.type == DeviceType.CPU ? CacheBytes : DeviceBytes;

    private static long ItemSize(EmpiricalRisk risk) => risk.Dtype == torch.ScalarType.Float64 ? 8 : 4;

    /// <summary>All that one probe can need at once, and what its tangent takes in the widest layer, in bytes.</summary>
    private static long BytesPerProbe(EmpiricalRisk risk, IEnumerable<Operation> operations, out long widest)
    {
        long most = 0, activations = 0;
        foreach (var layer in operations)
        {
            most = Math.Max(most, layer.LaneSize);
            activations += layer.LaneSize;
        }

        widest = ItemSize(risk) * most;
        return ItemSize(risk) * (risk.ParameterCount + 3 * activations);
    }
}
