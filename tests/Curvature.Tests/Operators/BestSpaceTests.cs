using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Where probes are drawn when nobody says where.</summary>
public sealed class BestSpaceTests
{
    private static readonly CurvatureOptions Any = new() { ProbeSpace = null };

    [Fact]
    public void Predictions_where_they_serve()
    {
        using var scope = NewDisposeScope();
        using var problem = Classifier(() => ReLU());
        using var picked = QuadraticForms.Create(problem.Risk, Any with { Seed = 3 });
        using var asked = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Prediction, Seed = 3 });

        Assert.Equal(ProbeSpace.Prediction, picked.ProbeSpace);
        Assert.Equal(asked.Evaluate(0, 4).Digest, picked.Evaluate(0, 4).Digest);
    }

    /// <summary>A model that bends: whichever takes less work to any error, passes times variance, as two probes of the samples tell.</summary>
    [Theory]
    [InlineData("tanh", BlockStructure.Block)]
    [InlineData("tanh", BlockStructure.Full)]
    [InlineData("layer norm", BlockStructure.Block)]
    [InlineData("layer norm", BlockStructure.Full)]
    [InlineData("tied weights", BlockStructure.Block)]
    public void The_least_work_where_the_model_bends(string model, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        var options = Any with { Structure = structure, Seed = 3 };
        using var picked = QuadraticForms.Create(problem.Risk, options);
        var works = new Dictionary<ProbeSpace, double>();
        foreach (var space in (ProbeSpace[])[ProbeSpace.Prediction, ProbeSpace.Output])
        {
            using var form = QuadraticForms.Create(problem.Risk, options with { ProbeSpace = space });
            works[space] = form.Passes * form.Evaluate(0, 2).Spread!.Variances[^1];
        }

        Assert.Equal(works.MinBy(work => work.Value).Key, picked.ProbeSpace);
    }

    [Fact]
    public void A_pass_back_and_what_bends()
    {
        using var scope = NewDisposeScope();
        using var linear = Classifier(() => ReLU());
        using var bent = Classifier(() => Tanh());
        double Passes(Problem problem, ProbeSpace space, BlockStructure structure)
        {
            using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = space, Structure = structure });
            return form.Passes;
        }

        Assert.Equal(
            (2, 2, 5, 3, 2, 1),
            (Passes(linear, ProbeSpace.Prediction, BlockStructure.Block), Passes(linear, ProbeSpace.Prediction, BlockStructure.Full),
                Passes(bent, ProbeSpace.Prediction, BlockStructure.Block), Passes(bent, ProbeSpace.Prediction, BlockStructure.Full),
                Passes(bent, ProbeSpace.Output, BlockStructure.Block), Passes(bent, ProbeSpace.Output, BlockStructure.Full)));
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Hmp)]
    public void Parameters_for_a_method_that_no_other_space_has(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var problem = Classifier(() => ReLU());
        using var form = QuadraticForms.Create(problem.Risk, Any with { Method = method });

        Assert.Equal((ProbeSpace.Parameter, method), (form.ProbeSpace, form.Method));
    }

    [Theory]
    [InlineData(ProbeDistribution.Rademacher)]
    [InlineData(ProbeDistribution.Basis)]
    public void Parameters_for_a_layer_without_a_rule(ProbeDistribution distribution)
    {
        using var scope = NewDisposeScope();
        using var problem = Classifier(() => new Cubed());
        using var form = QuadraticForms.Create(problem.Risk, Any with { Distribution = distribution });

        Assert.Equal((ProbeSpace.Parameter, CurvatureMethod.Autodiff), (form.ProbeSpace, form.Method));
    }

    /// <summary>What is wrong with the input is said, whatever the space, and no other space is tried for it.</summary>
    [Fact]
    public void A_batch_that_is_wrong_is_an_error()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(
            Problem.Prepared(Linear(5, 3), numbers), new CrossEntropy(), numbers.Normal(4, 6), numbers.Classes(3, 4));

        var error = Assert.Throws<CurvatureException>(() => QuadraticForms.Create(problem.Risk, Any));
        Assert.IsNotType<NoLayerRuleException>(error);
    }

    private static Problem Classifier(Func<Module<Tensor, Tensor>> activation)
    {
        var numbers = new Numbers(1);
        return new Problem(
            Problem.Prepared(Sequential(Linear(5, 4), activation(), Linear(4, 3)), numbers), new CrossEntropy(), numbers.Normal(6, 5), numbers.Classes(3, 6));
    }

    private sealed class Cubed() : Module<Tensor, Tensor>("cubed")
    {
        public override Tensor forward(Tensor input) => input.pow(3);
    }
}
