using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Stacks: cut to fit into memory, given up on request, and never a matter of the result.</summary>
public sealed class StackTests
{
    private const int Probes = 23;

    public static TheoryData<CurvatureMethod, ProbeSpace> Forms => new()
    {
        { CurvatureMethod.Autodiff, ProbeSpace.Parameter },
        { CurvatureMethod.Hmp, ProbeSpace.Parameter },
        { CurvatureMethod.Quadratic, ProbeSpace.Parameter },
        { CurvatureMethod.Quadratic, ProbeSpace.Output },
        { CurvatureMethod.Quadratic, ProbeSpace.Prediction },
    };

    /// <summary>A byte leaves room for one probe at a time, and twenty thousand for a few.</summary>
    [Theory, MemberData(nameof(Forms))]
    public void A_small_budget_gives_the_same_values_as_a_large_one(CurvatureMethod method, ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, sum"]);
        double[] expected = Values(null);
        foreach (long budget in new long[] { 1, 20_000, long.MaxValue })
        {
            // The same probes in products of another shape: rounding only.
            Near.Relative(expected, Values(budget), 1e-12);
        }

        double[] Values(long? budget)
        {
            using var form = QuadraticForms.Create(
                problem.Risk, new CurvatureOptions { Matrix = MicroBatchTests.Matrix(space), Method = method, ProbeSpace = space, MemoryBudget = budget });
            return form.Evaluate(0, Probes).Values.ToArray();
        }
    }

    [Fact]
    public void A_budget_bounds_the_probes_that_are_drawn_at_once()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["three layers"].With(LossCase.All["cross-entropy, sum"]);
        foreach (var method in new[] { CurvatureMethod.Hmp, CurvatureMethod.Quadratic })
        {
            Assert.Equal(Probes, Largest(method, null));
            Assert.Equal(1, Largest(method, 1));
            Assert.InRange(Largest(method, 20_000), 2, Probes - 1);
        }

        int Largest(CurvatureMethod method, long? budget)
        {
            var watched = new Watched(new PhiloxProbes(0));
            using var form = QuadraticForms.Create(
                problem.Risk, new CurvatureOptions { Method = method, MemoryBudget = budget }, probes: watched);
            form.Evaluate(0, Probes);
            return watched.Largest;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void A_cancelled_evaluation_ends_before_its_first_stack(CurvatureMethod method, ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, sum"]);
        using var form = QuadraticForms.Create(
            problem.Risk, new CurvatureOptions { Matrix = MicroBatchTests.Matrix(space), Method = method, ProbeSpace = space });

        Assert.Throws<OperationCanceledException>(() => form.Evaluate(0, 5, new CancellationToken(canceled: true)));

        // It can go on afterwards.
        Assert.Equal(5, form.Evaluate(0, 5).Count);
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Hmp)]
    [InlineData(CurvatureMethod.Quadratic)]
    public void Cancelling_ends_an_evaluation_after_the_stack_at_hand(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["linear"].With(LossCase.All["cross-entropy, sum"]);
        using var source = new CancellationTokenSource();
        var watched = new Watched(new PhiloxProbes(0), drawn =>
        {
            if (drawn == 4) source.Cancel();
        });
        using var form = QuadraticForms.Create(
            problem.Risk, new CurvatureOptions { Method = method, MemoryBudget = 1 }, probes: watched);

        Assert.Throws<OperationCanceledException>(() => form.Evaluate(0, 1000, source.Token));
        Assert.Equal(4, watched.Draws);
    }

    /// <summary>Counts what another source draws.</summary>
    private sealed class Watched(IProbeSource source, Action<int>? drawn = null) : IProbeSource
    {
        public int Draws { get; private set; }

        public int Largest { get; private set; }

        public Tensor? Draw(ParameterBlock block, long firstProbe, int count)
        {
            Draws++;
            Largest = Math.Max(Largest, count);
            drawn?.Invoke(Draws);
            return source.Draw(block, firstProbe, count);
        }
    }
}
