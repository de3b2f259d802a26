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
