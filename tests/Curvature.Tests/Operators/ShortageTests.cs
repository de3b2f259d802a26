using System.Runtime.InteropServices;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>The height of a stack is part of the job: one that does not fit into memory is an error.</summary>
public sealed class ShortageTests : IDisposable
{
    private const string OutOfMemory = "CUDA out of memory. Tried to allocate 20.00 GiB.";

    private readonly MnistExample _example = Example();

    public void Dispose() => _example.Dispose();

    [Fact]
    public void A_stack_that_does_not_fit_is_this_machines_shortage_and_not_computed_in_smaller_ones()
    {
        var form = new ScarceForm(_example.Risk, fits: 3, OutOfMemory);

        var error = Assert.Throws<MachineException>(() => form.Evaluate(100, 20));

        Assert.Equal(
            "Probe 100 could not be evaluated: A stack of 20 probes does not fit into memory: use a smaller CurvatureOptions.MemoryBudget.",
            error.Message);
        Assert.Equal([20], form.Tried);
    }

    [Fact]
    public void Once_there_is_room_again_the_stacks_are_what_they_were()
    {
        var form = new ScarceForm(_example.Risk, fits: 3, OutOfMemory);
        Assert.Throws<MachineException>(() => form.Evaluate(0, 16));
        form.Fits = 20;

        var values = form.Evaluate(0, 16);

        Assert.Equal(Enumerable.Range(0, 16).Select(i => (double)i), values.Values.ToArray());
        Assert.Equal([16, 16], form.Tried);
    }

    [Fact]
    public void A_single_probe_that_does_not_fit_is_an_error_that_says_so()
    {
        var form = new ScarceForm(_example.Risk, fits: 0, OutOfMemory);

        var error = Assert.Throws<MachineException>(() => form.Evaluate(7, 1));

        Assert.Contains("single probe does not fit into memory", error.Message, StringComparison.Ordinal);
        Assert.Contains("Probe 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_other_error_is_not_taken_for_a_shortage()
    {
        var form = new ScarceForm(_example.Risk, fits: 3, "mat1 and mat2 shapes cannot be multiplied");

        var error = Assert.Throws<CurvatureException>(() => form.Evaluate(0, 20));

        Assert.Contains("mat1 and mat2", error.Message, StringComparison.Ordinal);
        Assert.Equal([20], form.Tried);
    }

    private static MnistExample Example()
    {
        LibTorch.Load();
        return MnistExample.Create(ScalarType.Float32, CPU);
    }

    /// <summary>A form whose value is the probe's number, on a device with room for a few probes.</summary>
    private sealed class ScarceForm(EmpiricalRisk risk, int fits, string message) : StackedForm(risk)
    {
        public List<int> Tried { get; } = [];

        public int Fits { get; set; } = fits;

        public override CurvatureMethod Method => CurvatureMethod.Quadratic;

        public override IReadOnlyList<string> Blocks => [];

        public override long BasisCount => 1;

        protected override int LargestStack => 1000;

        protected override Tensor EvaluateStack(long firstProbe, int count)
        {
            Tried.Add(count);
            if (count > Fits) throw new NativeError(message);
            return arange(firstProbe, firstProbe + count, ScalarType.Float64).unsqueeze(1);
        }

        public override void Dispose()
        {
        }
    }

    /// <summary>What TorchSharp throws for an error in libtorch.</summary>
    private sealed class NativeError(string message) : ExternalException(message);
}
