using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What one probe by double backward holds in memory, as a function of the number of samples. Layers do not tell; so two
/// small batches are evaluated, and each allocation and release of the one is held against that of the other: every tensor
/// has a part that belongs to the parameters, and one that grows with the samples.
/// </summary>
/// <remarks>
/// What is counted is what libtorch's allocators were asked for, to the byte, and by this computation alone. It is the same
/// on every worker, whatever else runs there.
/// </remarks>
internal sealed class AutodiffFootprint
{
    /// <summary>
    /// A process takes more memory than libtorch's allocators are asked for: kernels keep copies of their own, and the C
    /// library's heap has gaps. Of resnet18 with 1 to 64 images it was 1.2 to 1.7 times as much.
    /// </summary>
    internal const double Overhead = 1.75;

    /// <summary>In bytes at each moment: what is held whatever the batch, and what each sample adds.</summary>
    private readonly (long Fixed, long PerSample)[] _held;

    private AutodiffFootprint((long Fixed, long PerSample)[] held) => _held = held;

    /// <summary>Evaluates a probe for two small batches.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="samples">Two samples or more.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <exception cref="CurvatureException">The model cannot be evaluated for so few samples.</exception>
    public static AutodiffFootprint Measure(
        nn.Module<Tensor, Tensor> model, Loss loss, ISamples samples, CurvatureMatrix matrix)
    {
        // All blocks in one product, which holds as much as any block's own.
        var options = new CurvatureOptions { Matrix = matrix, Method = CurvatureMethod.Autodiff, Structure = BlockStructure.Full };
        long[] Held(long count) => [.. AllocationMeter.Record(() => new MicroBatchedRisk(model, loss, samples, count).With(0, risk =>
        {
            using var form = QuadraticForms.Create(risk, options);
            return form.Evaluate(0, 1);
        }))];

        // Kernels and programs make exceptions for one sample.
        long small = Math.Min(2, samples.SampleCount - 1);
        var (few, more) = (Held(small), Held(small + 1));
        // The first evaluation of all may leave something behind that later ones find.
        if (few.Length != more.Length) few = Held(small);
        if (few.Length != more.Length) (few, more) = ([few.Max()], [more.Max()]);
        return new AutodiffFootprint([.. few.Zip(more, (held, next) => (held - small * (next - held), next - held))]);
    }

    /// <summary>How many samples fit into a budget, 1 at least.</summary>
    /// <remarks>
    /// Where not one fits, parameters take more than the budget by themselves. To compute with samples one by one would save
    /// little of that and take very long, so that samples may add a quarter to it.
    /// </remarks>
    /// <param name="budget">The budget in bytes.</param>
    public long MostSamples(long budget)
    {
        long most = MostWithin((long)(budget / Overhead));
        if (most >= 1) return most;
        long parameters = _held.Max(held => held.Fixed);
        return Math.Max(1, MostWithin(parameters + parameters / 4));
    }

    private long MostWithin(long bytes)
    {
        long most = long.MaxValue;
        foreach (var (atLeast, perSample) in _held)
        {
            if (atLeast > bytes) return 0;
            if (perSample > 0) most = Math.Min(most, (bytes - atLeast) / perSample);
        }

        return most;
    }
}
