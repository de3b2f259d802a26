using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Parameters without elements, as models that were generated have them: blocks of no rows and no columns. Linear layers
/// without units are none of these, since TorchSharp does not make them.
/// </summary>
public sealed class EmptyParameterTests
{
    private const int Probes = 25, Features = 4, Outputs = 3;

    public static TheoryData<ProbeDistribution, CurvatureMatrix, BlockStructure, bool> Forms =>
    [
        .. from distribution in new[] { ProbeDistribution.Rademacher, ProbeDistribution.Gaussian, ProbeDistribution.Basis }
           from matrix in Enum.GetValues<CurvatureMatrix>()
           from structure in Enum.GetValues<BlockStructure>()
           from used in new[] { false, true }
           select new TheoryDataRow<ProbeDistribution, CurvatureMatrix, BlockStructure, bool>(distribution, matrix, structure, used),
    ];

    [Theory, MemberData(nameof(Forms))]
    public void One_more_changes_nothing_of_the_others(
        ProbeDistribution distribution, CurvatureMatrix matrix, BlockStructure structure, bool used)
    {
        using var scope = NewDisposeScope();
        var options = new CurvatureOptions
        {
            Method = CurvatureMethod.Autodiff,
            Distribution = distribution,
            Matrix = matrix,
            Structure = structure,
        };

        var without = Values(Layers(), options);
        var with = Values(new WithEmpty(Layers(), used), options);

        Assert.Equal(without.Columns + 1, with.Columns);
        // The same operations on the same float64 numbers; how their memory is aligned shows in the last bits.
        for (int row = 0; row < Probes; row++) Near.Relative([.. without[row], 0], with[row], 1e-12);
    }

    private static ProbeValues Values(nn.Module<Tensor, Tensor> model, CurvatureOptions options)
    {
        var numbers = new Numbers(seed: 8);
        using var problem = new Problem(
            Problem.Prepared(model, numbers), new CrossEntropy(), numbers.Normal(6, Features), numbers.Classes(Outputs, 6));
        using var form = QuadraticForms.Create(problem.Risk, options);
        return form.Evaluate(0, Probes);
    }

    private static Sequential Layers() =>
        nn.Sequential(nn.Linear(Features, 5), nn.Tanh(), nn.Linear(5, Outputs));

    /// <summary>A model with one more parameter, the last one, of no rows: where it is used, they go below the output's.</summary>
    private sealed class WithEmpty : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _model;
        private readonly Embedding _empty = nn.Embedding(0, Outputs);
        private readonly bool _used;

        public WithEmpty(nn.Module<Tensor, Tensor> model, bool used) : base(nameof(WithEmpty))
        {
            (_model, _used) = (model, used);
            register_module("model", model);
            register_module("empty", _empty);
        }

        public override Tensor forward(Tensor input) => _used ? cat([_model.call(input), _empty.weight!]) : _model.call(input);
    }
}
