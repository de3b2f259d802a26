using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

/// <summary>A probe by names, and vᵀHv of it.</summary>
public sealed class GivenProbesTests
{
    [Theory, InlineData(CurvatureMethod.Autodiff), InlineData(CurvatureMethod.Hmp), InlineData(CurvatureMethod.Quadratic)]
    public void The_quadratic_form_is_that_of_the_dense_Hessian(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        var risk = Risk();
        var numbers = new Numbers(7);
        var (weight, bias) = (numbers.Normal(3, 2), numbers.Normal(3));
        using var probe = new GivenProbes(risk, new FakeArrays(("bias", bias), ("weight", weight)));

        var found = CurvatureCheck.Of(risk, probe, method);

        var v = cat([weight.flatten(), bias]);
        var hessian = Dense.Matrix(risk, CurvatureMatrix.Hessian);
        Near.Relative(v.unsqueeze(0).mm(hessian).mm(v.unsqueeze(1)).item<double>(), found.QuadraticForm, 1e-12);
        Assert.Equal(risk.Value(), found.Loss);
    }

    [Fact]
    public void It_is_probe_0_and_all_others_are_zero()
    {
        using var scope = NewDisposeScope();
        var risk = Risk();
        using var probe = new GivenProbes(
            risk, new FakeArrays(("weight", ones([3, 2], ScalarType.Float32)), ("bias", full([3], 2.0, ScalarType.Float32))));

        Assert.Equal([2, 2, 2, 0, 0, 0], Dense.ToArray(probe.Draw(risk.Blocks[1], 0, 2)!));
        Assert.Equal(ScalarType.Float64, probe.Draw(risk.Blocks[1], 0, 2)!.dtype);
        Assert.Null(probe.Draw(risk.Blocks[1], 1, 2));
    }

    [Fact]
    public void Probes_that_are_not_the_parameters_are_listed()
    {
        using var scope = NewDisposeScope();
        var risk = Risk();

        Rejected.Saying(
            "The probes in fake.safetensors do not fit the model:\n  missing in the file: bias\n  in the file, but not in the model: b",
            () => new GivenProbes(risk, new FakeArrays(("weight", ones([3, 2])), ("b", ones(3)))));
    }

    [Fact]
    public void Expected_values_are_read_and_compared()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{"loss": 2, "quadratic_form": -4e0, "torch": "1.13"}""");
            Assert.Equal(new CurvatureCheck(2, -4), CurvatureCheck.Load(path));
            Assert.Equal(0.5, new CurvatureCheck(1.5, -2).DifferenceFrom(CurvatureCheck.Load(path)).Largest);
            Assert.Equal(0, new CurvatureCheck(0, 0).DifferenceFrom(new CurvatureCheck(0, 0)).Largest);

            File.WriteAllText(path, """{"loss": 2}""");
            Rejected.Saying("has no number quadratic_form", () => CurvatureCheck.Load(path));
            File.WriteAllText(path, "loss");
            Rejected.Saying("cannot be read from " + path, () => CurvatureCheck.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static EmpiricalRisk Risk()
    {
        var numbers = new Numbers(3);
        var model = nn.Linear(2, 3, dtype: ScalarType.Float64);
        using (no_grad())
        {
            foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape));
        }

        return Rejected.Risk(model, numbers.Normal(5, 2), numbers.Classes(3, 5));
    }
}
