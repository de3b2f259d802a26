using ActorHutch.Curvature.Modules;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

public sealed class ResidualTests
{
    [Fact]
    public void It_is_the_sum_of_its_branches()
    {
        using var scope = NewDisposeScope();
        var branch = nn.Linear(3, 3, dtype: ScalarType.Float64);
        using var residual = new Residual(nn.Identity(), branch, nn.Tanh());
        var x = new Numbers(1).Normal(4, 3);

        Near.Relative(Dense.ToArray(x + branch.call(x) + x.tanh()), Dense.ToArray(residual.call(x)), 1e-15);
    }

    [Fact]
    public void Its_parameters_are_named_by_the_branch_they_are_in()
    {
        using var residual = new Residual(nn.Identity(), nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3, hasBias: false)));

        Assert.Equal(["1.0.weight", "1.0.bias", "1.1.weight"], residual.named_parameters().Select(p => p.name));
    }

    [Fact]
    public void It_has_a_branch_at_least() => Assert.Throws<ArgumentException>(() => new Residual());
}
