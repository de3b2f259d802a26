using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Probes of one's own.</summary>
public sealed class ProbeSourceTests
{
    private static readonly CurvatureMethod[] Methods = Enum.GetValues<CurvatureMethod>();

    [Fact]
    public void A_block_that_a_source_leaves_out_is_zero()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["three layers"].With(LossCase.All["cross-entropy, sum"]);
        foreach (var structure in Enum.GetValues<BlockStructure>())
        {
            double[][] values = [.. Methods.Select(method => Totals(method, structure, new Only(block: 2, isNull: true)))];
            double[] expected = Totals(CurvatureMethod.Autodiff, structure, new Only(block: 2, isNull: false));
            Assert.All(values, actual => Near.Relative(expected, actual, 1e-10));
        }

        double[] Totals(CurvatureMethod method, BlockStructure structure, IProbeSource source)
        {
            var options = new CurvatureOptions { Method = method, Structure = structure };
            using var form = QuadraticForms.Create(problem.Risk, options, probes: source);
            var rows = form.Evaluate(0, 3);
            return [rows.Total(0), rows.Total(1), rows.Total(2)];
        }
    }

    [Fact]
    public void A_source_that_draws_nothing_gives_zeros()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["three layers"].With(LossCase.All["cross-entropy, sum"]);
        foreach (var method in Methods)
        {
            foreach (var structure in Enum.GetValues<BlockStructure>())
            {
                var options = new CurvatureOptions { Method = method, Structure = structure };
                using var form = QuadraticForms.Create(problem.Risk, options, probes: new Only(block: -1, isNull: true));
                Assert.All(form.Evaluate(0, 3).Values.ToArray(), value => Assert.Equal(0, value));
            }
        }
    }

    [Fact]
    public void A_source_that_draws_another_shape_is_an_error_and_not_the_end_of_the_process()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, sum"]);
        foreach (var method in Methods)
        {
            using var form = QuadraticForms.Create(
                problem.Risk, new CurvatureOptions { Method = method }, probes: new TwiceAsWide());
            Assert.ThrowsAny<CurvatureException>(() => form.Evaluate(0, 3));
        }
    }

    /// <summary>Signs in one block; zeros, or nothing, in the others.</summary>
    private sealed class Only(int block, bool isNull) : IProbeSource
    {
        private readonly PhiloxProbes _probes = new(seed: 1);

        public Tensor? Draw(ParameterBlock drawn, long firstProbe, int count) =>
            drawn.Index == block ? _probes.Draw(drawn, firstProbe, count)
            : isNull ? null
            : zeros([count, .. drawn.Shape], ScalarType.Float64);
    }

    private sealed class TwiceAsWide : IProbeSource
    {
        public Tensor Draw(ParameterBlock block, long firstProbe, int count)
        {
            using var right = new PhiloxProbes(seed: 1).Draw(block, firstProbe, count);
            return cat([right, right], 1);
        }
    }
}
