using System.Runtime.InteropServices;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>A stack that does not fit into memory is halved, and every probe is evaluated all the same.</summary>
public sealed class ShortageTests : IDisposable
{
    private const string OutOfMemory = "CUDA out of memory. Tried to allocate 20.00 GiB.";

    private readonly MnistExample _example = Example();

    public void Dispose() => _example.Dispose();

    [Fact]
    public void A_failed_allocation_halves_the_stack_and_goes_on()
    {
        var form = new ScarceForm(_example.Risk, fits: 3, OutOfMemory);

        var values = form.Evaluate(100, 20);

        Assert.Equal(Enumerable.Range(100, 20).Select(i => (double)i), values.Values.ToArray());
        Assert.Equal([20, 10, 5, 2], form.Tried.Take(4));
        Assert.All(form.Tried.Skip(3), size => Assert.InRange(size, 1, 2));
    }

    [Fact]
    public void The_stack_stays_small_for_the_next_probes()
    {
        var form = new ScarceForm(_example.Risk, fits: 4, OutOfMemory);
        form.Evaluate(0, 16);
        form.Tried.Clear();

        form.Evaluate(16, 16);

        Assert.All(form.Tried, size => Assert.InRange(size, 1, 4));
    }

    [Fact]
    public void A_single_probe_that_does_not_fit_is_an_error_that_says_so()
    {
        var form = new ScarceForm(_example.Risk, fits: 0, OutOfMemory);

        var error = Assert.Throws<CurvatureException>(() => form.Evaluate(7, 4));

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

        public override CurvatureMethod Method => CurvatureMethod.Quadratic;

        public override IReadOnlyList<string> Blocks => [];

        public override long BasisCount => 1;

        protected override int LargestStack => 1000;

        protected override Tensor EvaluateStack(long firstProbe, int count)
        {
            Tried.Add(count);
            if (count > fits) throw new NativeError(message);
            return arange(firstProbe, firstProbe + count, ScalarType.Float64).unsqueeze(1);
        }

        public override void Dispose()
        {
        }
    }

    /// <summary>What TorchSharp throws for an error in libtorch.</summary>
    private sealed class NativeError(string message) : ExternalException(message);
}
