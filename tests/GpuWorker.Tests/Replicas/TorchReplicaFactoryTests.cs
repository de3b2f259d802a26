using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Tests.Replicas;

public class TorchReplicaFactoryTests
{
    private readonly TorchReplicaFactory _factory = new();

    [Fact]
    public void It_makes_the_built_in_example()
    {
        using var replica = _factory.Create(new ReplicaKey(new RiskSource(), Dtype.Float64, "cpu", 1), ReplicaFiles.None);

        replica.CheckDeterminism();
        Assert.Equal((RiskSource.MnistExample, 15_880L, 256L),
            (replica.Model.Name, replica.Model.Parameters, replica.Model.Samples));
        Assert.Matches("^[0-9a-f]{64}$", replica.Model.Sha256);
    }

    [Fact]
    public void Its_basis_vectors_of_output_space_add_up_to_the_exact_trace()
    {
        using var replica = _factory.Create(new ReplicaKey(new RiskSource(), Dtype.Float64, "cpu", 1), ReplicaFiles.None);
        using var form = replica.QuadraticForm(
            new CurvatureOptions { Distribution = ProbeDistribution.Basis, ProbeSpace = ProbeSpace.Output });

        double trace = 0;
        foreach (double value in form.Evaluate(0, (int)form.BasisCount, TestContext.Current.CancellationToken).Values)
            trace += value;

        // The reference was computed in double precision by other software; a billionth is far above both roundings.
        Assert.Equal(30, form.BasisCount);
        Assert.Equal(12.45500893244757, trace, 12.455e-9);
    }

    [Fact]
    public void A_model_that_it_does_not_know_is_named_with_those_it_does()
    {
        var error = Assert.Throws<CurvatureException>(
            () => _factory.Create(new ReplicaKey(new RiskSource { Model = "resnet" }, Dtype.Float32, "cpu", 1), ReplicaFiles.None));

        Assert.Equal("There is no model resnet: it must be mnist-example.", error.Message);
    }
}
