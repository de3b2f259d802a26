using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Micro-batches of double backward are as large as the budget allows. What is held is counted by libtorch's allocators, to
/// the byte, so that these tests do not depend on what else the process does.
/// </summary>
public sealed class AutodiffFootprintTests
{
    /// <summary>Activations dominate: 67 parameters, and 2 × 16 × 16 numbers a sample after each of four layers.</summary>
    private static nn.Module<Tensor, Tensor> Wide() => nn.Sequential(
        nn.Conv2d(1, 2, 3, padding: 1L), nn.Tanh(), nn.Conv2d(2, 2, 3, padding: 1L), nn.Softplus(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3));

    /// <summary>Parameters dominate: 33,000 of them.</summary>
    private static nn.Module<Tensor, Tensor> Deep() =>
        nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.Tanh(), nn.Linear(128, 3));

    public static TheoryData<string, CurvatureMatrix, BlockStructure> Table() => new(
        from model in (string[])["wide", "deep"]
        from matrix in Enum.GetValues<CurvatureMatrix>()
        from structure in Enum.GetValues<BlockStructure>()
        select (model, matrix, structure));

    [Theory, MemberData(nameof(Table))]
    public void A_probe_stays_within_the_budget_whatever_it_is(string name, CurvatureMatrix matrix, BlockStructure structure)
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        using var scope = NewDisposeScope();
        using var model = name == "wide" ? Wide() : Deep();
        var samples = Samples(100);
        long one = Held(model, samples, 1, matrix, structure), all = Held(model, samples, 100, matrix, structure);
        var sizes = new List<long>();
        foreach (int step in Enumerable.Range(1, 40))
        {
            // From what one sample needs to more than all need, each with a little more than what a process takes beyond it.
            long budget = (long)((one + (all - one) * step / 30) * AutodiffFootprint.Overhead * 1.05);
            long size = Auto(model, samples, matrix, structure, budget);
            sizes.Add(size);

            Assert.True(
                Held(model, samples, size, matrix, structure) <= budget, $"{size} samples hold more than {budget} bytes");
        }

        Assert.Equal(sizes.Order(), sizes);
        if (name == "wide") Assert.True(sizes[0] < 15, $"{sizes[0]} samples for the smallest budget");
        Assert.Equal(100, sizes[^1]);
    }

    [Fact]
    public void The_estimate_is_what_is_held_to_the_byte()
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        using var scope = NewDisposeScope();
        using var model = Wide();
        var samples = Samples(100);
        var footprint = AutodiffFootprint.Measure(model, new CrossEntropy(), samples, CurvatureMatrix.Hessian);
        long held = Held(model, samples, 40, CurvatureMatrix.Hessian, BlockStructure.Full);

        Assert.Equal(40, footprint.MostSamples((long)(held * AutodiffFootprint.Overhead) + 2));
        Assert.Equal(39, footprint.MostSamples((long)(held * AutodiffFootprint.Overhead) - 2));
    }

    [Fact]
    public void A_budget_that_parameters_exceed_leaves_samples_a_quarter_of_what_these_take()
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        using var scope = NewDisposeScope();
        using var model = Deep();
        var samples = Samples(250);
        var (hessian, full) = (CurvatureMatrix.Hessian, BlockStructure.Full);
        long size = Auto(model, samples, hessian, full, 1);
        long one = Held(model, samples, 1, hessian, full);

        Assert.InRange(size, 2, 249);
        Assert.InRange(Held(model, samples, size, hessian, full), one, one * 5 / 4);
    }

    /// <summary>Workers of one process measure side by side, and the collector frees what others left.</summary>
    [Fact]
    public void It_is_the_same_every_time_and_beside_other_work()
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        long[] sizes = new long[8];
        Parallel.For(0, sizes.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            set_num_threads(1);
            using var scope = NewDisposeScope();
            using var model = Wide();
            var samples = Samples(100);
            if (i % 2 == 1) QuadraticForms.Create(new EmpiricalRisk(model, new CrossEntropy(), samples.Read(0, 50, ScalarType.Float32, CPU).Inputs, zeros(50, ScalarType.Int64))).Dispose();
            GC.Collect();
            sizes[i] = Auto(model, samples, CurvatureMatrix.Hessian, BlockStructure.Block, 300_000);
        });

        Assert.InRange(sizes[0], 2, 99);
        Assert.All(sizes, size => Assert.Equal(sizes[0], size));
    }

    [Fact]
    public void A_model_that_takes_one_size_alone_is_given_that()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Unflatten(0, [4L, 25L]), nn.Flatten(0, 1), Wide());

        Assert.Equal(100, Auto(model, Samples(100), CurvatureMatrix.Hessian, BlockStructure.Block, 1));
    }

    [Fact]
    public void The_meter_counts_bytes_of_this_thread_alone()
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        var held = AllocationMeter.Record(() =>
        {
            using var kept = zeros(1000, ScalarType.Float64);
            var other = new Thread(() => zeros(5000).Dispose());
            other.Start();
            other.Join();
            using (zeros(10)) Assert.Equal(1000, kept.numel());
        });

        Assert.Equal([8000, 8040, 8000, 0], held);
        Assert.Throws<InvalidOperationException>(() => AllocationMeter.Record(() => throw new InvalidOperationException()));
        zeros(10).Dispose();
    }

    [Fact]
    public void An_evaluation_gives_everything_back()
    {
        Assert.SkipUnless(AllocationMeter.IsAvailable, "libtorch does not tell what it allocates on this system");
        using var scope = NewDisposeScope();
        using var model = Wide();
        var samples = Samples(100);

        Assert.Equal(0, Recorded(model, samples, 7, CurvatureMatrix.Hessian, BlockStructure.Block)[^1]);
        Assert.Equal(0, Recorded(model, samples, 7, CurvatureMatrix.Ggn, BlockStructure.Full)[^1]);
    }

    private static long Auto(
        nn.Module<Tensor, Tensor> model, ISamples samples, CurvatureMatrix matrix, BlockStructure structure, long budget) =>
        MicroBatchSize.Auto(model, new CrossEntropy(), samples, new CurvatureOptions
        {
            Method = CurvatureMethod.Autodiff,
            Matrix = matrix,
            Structure = structure,
            MemoryBudget = budget,
        });

    private static long Held(
        nn.Module<Tensor, Tensor> model, ISamples samples, long count, CurvatureMatrix matrix, BlockStructure structure) =>
        Recorded(model, samples, count, matrix, structure).Max();

    private static IReadOnlyList<long> Recorded(
        nn.Module<Tensor, Tensor> model, ISamples samples, long count, CurvatureMatrix matrix, BlockStructure structure) =>
        AllocationMeter.Record(() =>
        {
            var options = new CurvatureOptions { Method = CurvatureMethod.Autodiff, Matrix = matrix, Structure = structure };
            new MicroBatchedRisk(model, new CrossEntropy(), samples, count).With(0, risk =>
            {
                using var form = QuadraticForms.Create(risk, options);
                return form.Evaluate(0, 1);
            });
        });

    private static TensorSamples Samples(long count)
    {
        var inputs = arange(count * 256, ScalarType.Float32).sin().reshape(count, 1, 16, 16);
        return new TensorSamples(inputs, arange(count, ScalarType.Int64).remainder(3));
    }
}
