using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>A matrix restricted to some of the parameters.</summary>
public sealed class ParameterSelectionTests
{
    [Theory]
    [InlineData("*", "0.weight 0.bias 2.weight 2.bias")]
    [InlineData("*.weight", "0.weight 2.weight")]
    [InlineData("2.bias,0.*", "0.weight 0.bias 2.bias")]
    [InlineData("?.bias", "0.bias 2.bias")]
    public void Patterns_pick_blocks_in_the_models_order(string patterns, string blocks)
    {
        using var model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2));

        ParameterSelection.Select(model, patterns.Split(','));

        Assert.Equal(blocks.Split(' '), RiskOf(model).Blocks.Select(block => block.Name));
    }

    [Fact]
    public void Points_stand_for_themselves_and_a_pattern_without_a_parameter_is_named_with_those_there_are()
    {
        using var model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2));

        Rejected.Saying(
            "called 0?weights or .*bias. There are 0.weight, 0.bias, 2.weight, 2.bias.",
            () => ParameterSelection.Select(model, ["0.weight", "0?weights", ".*bias"]));
        Assert.All(model.parameters(), parameter => Assert.True(parameter.requires_grad));
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Hmp)]
    [InlineData(CurvatureMethod.Quadratic)]
    public void A_restricted_block_is_the_one_of_the_whole(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2));
        model.to(ScalarType.Float64);
        var (inputs, targets) = (randn(5, 3, ScalarType.Float64), zeros(5, ScalarType.Int64));
        var options = new CurvatureOptions { Method = method, Distribution = ProbeDistribution.Basis };
        double whole = Sum(new EmpiricalRisk(model, new CrossEntropy(), inputs, targets), options, 0, 12);

        ParameterSelection.Select(model, ["0.weight"]);
        var risk = new EmpiricalRisk(model, new CrossEntropy(), inputs, targets);

        Assert.Equal(12, risk.ParameterCount);
        // The same numbers in the same order, up to what a product does with zeros beside them.
        Near.Relative(whole, Sum(risk, options, 0, 12), 1e-12);
    }

    private static double Sum(EmpiricalRisk risk, CurvatureOptions options, long first, int count)
    {
        using var form = QuadraticForms.Create(risk, options);
        var values = form.Evaluate(first, count);
        return Enumerable.Range(0, count).Sum(values.Total);
    }

    private static EmpiricalRisk RiskOf(nn.Module<Tensor, Tensor> model) =>
        new(model, new CrossEntropy(), zeros(2, 3), zeros(2, ScalarType.Int64));
}
