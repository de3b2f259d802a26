using System.Text.Json;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using ActorHutch.Curvature.Tests.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Every tensor of a TorchScript model becomes what PyTorch's conversion makes of it, whatever its number type.</summary>
[Collection(PyTorchGroup.Name)]
public sealed class TorchScriptTensorsTests(PyTorchFiles files) : DataFolder
{
    /// <summary>Of a model of 60 parameters, sums of some hundred products: a few hundred times 1e-16 at most.</summary>
    private const double Tolerance = 1e-12;

    private static readonly jit.CompilationUnit Cast = jit.compile("""
        def cast(tensor: Tensor, kind: int) -> Tensor:
            return tensor.to(kind)

        """);

    public static TheoryData<string, ScalarType> Types()
    {
        string[] kinds =
        [
            "float16", "bfloat16", "float32", "float64", "complex32", "complex64", "complex128",
            "uint8", "int8", "int16", "int32", "int64", "bool", "qint8", "quint8", "qint32",
        ];
        var table = new TheoryData<string, ScalarType>();
        foreach (string kind in kinds)
        {
            foreach (string place in (string[])["parameter", "frozen", "buffer", "attribute"])
            {
                // Only real and complex numbers can be trained.
                if (place == "parameter" && Array.IndexOf(kinds, kind) > Array.IndexOf(kinds, "complex128")) continue;
                table.Add($"{kind}-{place}", ScalarType.Float32);
                table.Add($"{kind}-{place}", ScalarType.Float64);
            }
        }

        return table;
    }

    [Theory, MemberData(nameof(Types))]
    public void Every_number_type_in_every_place_becomes_what_PyTorch_makes_of_it(string name, ScalarType precision)
    {
        using var scope = NewDisposeScope();
        using var model = Load(name, precision);
        var expected = Expected("types").GetProperty(name).GetProperty(precision == ScalarType.Float32 ? "float32" : "float64");
        bool isTrained = name.EndsWith("-parameter", StringComparison.Ordinal);
        // An attribute is neither parameter nor buffer, and shows in what the program computes alone.
        var value = name.EndsWith("-attribute", StringComparison.Ordinal) ? Returned(model) : model.state_dict()["inner.value"];

        string dtype = expected.GetProperty("dtype").GetString()!;
        Assert.Equal(isTrained ? dtype.Replace("complex128", "float64").Replace("complex64", "float32") : dtype, Name(value.dtype));
        Assert.Equal(expected.GetProperty("bytes").GetString(), Convert.ToHexStringLower(value.bytes));
        Assert.Equal(value.bytes, (isTrained && dtype.StartsWith('c') ? Returned(model).view_as_real() : Returned(model)).bytes);
        Assert.Equal(isTrained, value.requires_grad);
    }

    /// <summary>Those that only a libtorch newer than the PyTorch of these tests has.</summary>
    [Theory]
    [InlineData(23, true), InlineData(24, true), InlineData(25, true), InlineData(26, true)]
    [InlineData(27, false), InlineData(28, false), InlineData(29, false)]
    public void Number_types_that_TorchSharp_has_no_name_for_follow_the_same_rule(int kind, bool isFloat)
    {
        using var scope = NewDisposeScope();
        using var numbers = tensor([0.5, 1, 3, 448], ScalarType.Float64);
        using var stored = (Tensor)Cast.invoke("cast", isFloat ? numbers : numbers.ceil(), (long)kind)!;
        using var script = jit.load(files.At("types", "float32-buffer.pt"), CPU);
        script.named_modules().Select(m => m.module).OfType<jit.ScriptModule>()
            .Single(m => m.named_attributes(recurse: false).Any(a => a.name == "value")).set_attribute("value", stored);
        jit.save(script, Path("newer.pt"));

        using var model = TorchScriptModel.Load(Path("newer.pt"), ScalarType.Float64, CPU);
        var value = model.state_dict()["inner.value"];

        Assert.Equal(isFloat ? ScalarType.Float64 : (ScalarType)kind, value.dtype);
        using var seen = (Tensor)Cast.invoke("cast", value, 7L)!;
        using var expected = (Tensor)Cast.invoke("cast", stored, 7L)!;
        Assert.Equal(Dense.ToArray(expected), Dense.ToArray(seen));
    }

    [Theory]
    [InlineData("Rotary", "Rotary.pt")]
    [InlineData("Rotary", "Rotary-traced.pt")]
    [InlineData("Spectral", "Spectral.pt")]
    [InlineData("Ordered", "Ordered.pt")]
    [InlineData("attention-operator", "attention-operator.pt")]
    [InlineData("attention-causal", "attention-causal.pt")]
    [InlineData("attention-written", "attention-written.pt")]
    public void The_exact_trace_is_PyTorchs(string name, string file)
    {
        using var scope = NewDisposeScope();
        using var model = TorchScriptModel.Load(files.At("types", file), ScalarType.Float64, CPU);
        var risk = Risk(model);
        using var form = QuadraticForms.Create(risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });
        var values = form.Evaluate(0, checked((int)form.BasisCount));
        var expected = Expected("traces").GetProperty(name);

        Near.Relative(expected.GetProperty("loss").GetDouble(), risk.Value(), Tolerance);
        Near.Relative(expected.GetProperty("trace").GetDouble(), Enumerable.Range(0, values.Count).Sum(values.Total), Tolerance);
    }

    [Fact]
    public void A_complex_parameter_is_its_two_parts_under_the_first_of_its_names()
    {
        using var scope = NewDisposeScope();
        using var model = Load("Spectral", ScalarType.Float32);
        var filter = model.named_parameters().Single(p => p.name.EndsWith("filter", StringComparison.Ordinal)).parameter;

        Assert.Equal(
            ["filter", "fixed", "layer.weight", "layer.bias", "last.weight", "last.bias"], model.named_parameters().Select(p => p.name));
        Assert.Equal((ScalarType.Float32, true), (filter.dtype, filter.requires_grad));
        Assert.Equal([4, 2], filter.shape);
    }

    [Fact]
    public void A_frozen_index_is_one_parameter_under_two_names_and_has_no_block()
    {
        using var scope = NewDisposeScope();
        using var model = Load("Ordered", ScalarType.Float64);

        Assert.Equal(ScalarType.Int64, model.state_dict()["order"].dtype);
        Assert.DoesNotContain("same", model.named_parameters().Select(p => p.name));
        Assert.Equal(["layer.weight", "layer.bias", "last.weight", "last.bias"], Risk(model).Blocks.Select(block => block.Name));
    }

    /// <summary>
    /// libtorch warns where a cast loses something, such as an imaginary part, on standard error alone. No number type makes
    /// it do so, neither when a model is loaded nor when it is evaluated.
    /// </summary>
    [Fact]
    public void Nothing_is_lost_in_a_cast()
    {
        var (succeeded, output, errors) = ThisProgram.Run(
            (PyTorchFiles.FolderVariable, files.Folder),
            [.. ((string[])[nameof(Every_number_type_in_every_place_becomes_what_PyTorch_makes_of_it), nameof(The_exact_trace_is_PyTorchs)])
                .SelectMany(test => (string[])["-method", $"{typeof(TorchScriptTensorsTests).FullName}.{test}"])]);

        Assert.True(succeeded, output);
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
        // Of a file with such numbers, libtorch says this while it reads them; they are converted to complex64 or complex128.
        Assert.Equal([], errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.Contains("ComplexHalf support is experimental", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_cast_that_loses_something_would_be_heard()
    {
        var (succeeded, output, errors) = ThisProgram.Run(
            (PyTorchFiles.FolderVariable, files.Folder), "-method", $"{typeof(TorchScriptTensorsTests).FullName}.{nameof(A_cast_that_loses_something)}");

        Assert.True(succeeded, output);
        Assert.Contains("discards the imaginary part", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cast_that_loses_something()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(1, tensor(1, 2, ScalarType.ComplexFloat64).to(ScalarType.Float64).item<double>());
    }

    private static EmpiricalRisk Risk(nn.Module<Tensor, Tensor> model)
    {
        long columns = model.named_parameters().First(p => p.name.EndsWith("weight", StringComparison.Ordinal)).parameter.shape[1];
        if (columns == 4) columns = 12;
        // The same numbers as in torchscript_cases.py.
        var inputs = linspace(-1, 1.3, 5 * columns, ScalarType.Float64).reshape(5, columns).sin() * 1.7;
        var dtype = model.parameters().First(p => p.requires_grad).dtype;
        var x = inputs.to(dtype);
        return new EmpiricalRisk(model, new MeanSquaredError(), x, full([5, 2], 0.3, dtype));
    }

    private static Tensor Returned(TorchScriptModel model) => model.call(zeros([1, 3], model.parameters().First().dtype));

    private static string Name(ScalarType dtype) => dtype switch
    {
        ScalarType.Byte => "uint8",
        ScalarType.ComplexFloat32 => "complex64",
        ScalarType.ComplexFloat64 => "complex128",
        _ => dtype.ToString().ToLowerInvariant(),
    };

    private JsonElement Expected(string part)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(files.At("types", "expected.json")));
        return document.RootElement.GetProperty(part).Clone();
    }

    private TorchScriptModel Load(string name, ScalarType precision) =>
        TorchScriptModel.Load(files.At("types", name + ".pt"), precision, CPU);
}
