using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>
/// Models that PyTorch has exported: loss and vᵀHv are what PyTorch finds by double backward, in float64 of the same
/// weights, for the same probe.
/// </summary>
[Collection(PyTorchGroup.Name)]
public sealed class PyTorchTests(PyTorchFiles files)
{
    public static readonly TheoryData<string, ScalarType> Cases = new(
        from name in (string[])["cnn", "mlp", "resnet", "named"]
        from dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64]
        select (name, dtype));

    [Theory, MemberData(nameof(Cases))]
    public void A_described_model_has_PyTorchs_loss_and_curvature_by_every_method(string name, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        string folder = files.At(name, "described");
        using var model = Described(folder, dtype);

        foreach (var method in Enum.GetValues<CurvatureMethod>()) AssertAgrees(folder, model, dtype, method);
        using var form = QuadraticForms.Create(Risk(folder, model, dtype));
        Assert.Equal(CurvatureMethod.Quadratic, form.Method);
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_TorchScript_model_has_them_by_autodiff_which_is_picked(string name, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        string folder = files.At(name, "torchscript");
        foreach (string file in (string[])["model.pt", "traced.pt"])
        {
            using var model = TorchScriptModel.Load(Path.Combine(folder, file), dtype, CPU);

            AssertAgrees(folder, model, dtype, method: null);
            using var form = QuadraticForms.Create(Risk(folder, model, dtype));
            Assert.Equal(CurvatureMethod.Autodiff, form.Method);
            Assert.Equal("The model itself is a TorchScriptModel, for which there is no layer rule", form.MethodReason);
        }
    }

    [Fact]
    public void Both_exports_have_the_names_of_the_state_dict()
    {
        using var described = Described(files.At("resnet", "described"), ScalarType.Float32);
        using var scripted = TorchScriptModel.Load(files.At("resnet", "torchscript", "model.pt"), ScalarType.Float32, CPU);

        Assert.Equal(described.named_parameters().Select(p => p.name), scripted.named_parameters().Select(p => p.name));
        Assert.Contains("5.shortcut.1.weight", scripted.named_parameters().Select(p => p.name));
        Assert.Equal(described.named_buffers().Select(p => p.name).Order(), scripted.named_buffers().Select(p => p.name).Order());
    }

    [Fact]
    public void A_parameter_that_two_layers_share_is_one_parameter()
    {
        using var scope = NewDisposeScope();
        using var model = TorchScriptModel.Load(files.At("tied", "model.pt"), ScalarType.Float64, CPU);

        Assert.Equal(["first.weight", "first.bias", "second.bias"], model.named_parameters().Select(p => p.name));
        AssertAgrees(files.At("tied"), model, ScalarType.Float64, method: null);
    }

    [Fact]
    public void The_exporters_command_line_writes_the_same_files()
    {
        using var scope = NewDisposeScope();
        using var model = Described(files.At("command"), ScalarType.Float64);

        AssertAgrees(files.At("command"), model, ScalarType.Float64, CurvatureMethod.Quadratic);
    }

    [Theory]
    [InlineData("unknown", "Module 1.0 is a GRUCell, which cannot be written as layers. Known are Sequential, Residual, Adaptive")]
    [InlineData("own", "The model itself is a Named, which cannot be written as layers.")]
    [InlineData("shared", "0.weight and 2.weight are one parameter, which layers cannot say. Write the model as a graph.")]
    [InlineData("frozen", "0.weight is frozen")]
    [InlineData("normalised", "Module 0 (Linear) has been changed")]
    [InlineData("reversed", "The model itself (Reversed) computes something else than its children")]
    [InlineData("children", "Module 0 (Block) must have the children body and shortcut and no others; it has main.")]
    public void The_exporter_says_what_it_cannot_write_as_layers(string name, string message) => Assert.Contains(
        File.ReadLines(files.At("refusals.txt")), line => line.StartsWith($"{name}: {message}", StringComparison.Ordinal));

    private static nn.Module<Tensor, Tensor> Described(string folder, ScalarType dtype)
    {
        var model = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(dtype, CPU);
        using var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"));
        StateDict.Load(model, weights);
        return model;
    }

    private static EmpiricalRisk Risk(string folder, nn.Module<Tensor, Tensor> model, ScalarType dtype)
    {
        string data = Path.Combine(folder, "data.safetensors");
        var targets = PyTorchFiles.Read(data, "targets", dtype);
        Loss loss = targets.is_floating_point() ? new MeanSquaredError() : new CrossEntropy();
        return new EmpiricalRisk(model, loss, PyTorchFiles.Read(data, "inputs", dtype), targets);
    }

    private static void AssertAgrees(
        string folder, nn.Module<Tensor, Tensor> model, ScalarType dtype, CurvatureMethod? method)
    {
        var risk = Risk(folder, model, dtype);
        using var file = ArrayFiles.Open(Path.Combine(folder, "check.safetensors"));
        using var probe = new GivenProbes(risk, file);
        var expected = CurvatureCheck.Load(Path.Combine(folder, "check.json"));
        var found = CurvatureCheck.Of(risk, probe, method);

        // Sums of some thousand terms that partly cancel: a hundred roundings of the result, or a thousand.
        double tolerance = dtype == ScalarType.Float64 ? 1e-10 : 1e-4;
        Assert.True(
            found.DifferenceFrom(expected).Largest <= tolerance, $"{method}: {found} is not {expected} to {tolerance:E0}");
    }
}
