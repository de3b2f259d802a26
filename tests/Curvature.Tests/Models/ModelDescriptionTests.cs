using System.Text;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>From model.json to a module.</summary>
public sealed class ModelDescriptionTests
{
    private const string Example = """
        { "$schema": "model.schema.json", "type": "Sequential", "layers": [
          {"type": "Conv2d", "in_channels": 1, "out_channels": 2, "kernel_size": 3, "padding": 1},
          {"name": "block", "type": "Residual",
            "layers": [ {"type": "Conv2d", "in_channels": 2, "out_channels": 4, "kernel_size": [3, 1], "padding": "same"}, {"type": "Tanh"} ],
            "shortcut": [ {"type": "Conv2d", "in_channels": 2, "out_channels": 4, "kernel_size": 1, "bias": false} ]},
          {"type": "Residual", "layers": [ {"type": "Sigmoid"} ]},
          {"type": "Flatten"},
          {"name": "head", "type": "Sequential", "layers": [ {"type": "Linear", "in_features": 100, "out_features": 3} ]}
        ] }
        """;

    [Fact]
    public void Parameters_have_the_names_and_shapes_of_the_state_dict_in_PyTorch()
    {
        using var model = Described(Example);

        Assert.Equal(
            [
                "0.weight [2, 1, 3, 3]", "0.bias [2]",
                "block.body.0.weight [4, 2, 3, 1]", "block.body.0.bias [4]", "block.shortcut.0.weight [4, 2, 1, 1]",
                "head.0.weight [3, 100]", "head.0.bias [3]",
            ],
            model.named_parameters().Select(p => $"{p.name} [{string.Join(", ", p.parameter.shape)}]"));
        Assert.Equal(2 * 10 + 4 * 7 + 4 * 2 + 303, ModelDescription.Parse(Encoding.UTF8.GetBytes(Example), "").ParameterCount);
    }

    [Fact]
    public void The_module_computes_what_the_description_says()
    {
        using var scope = NewDisposeScope();
        using var model = Described(Example);
        var p = model.named_parameters().ToDictionary(p => p.name, p => (Tensor)p.parameter);
        var x = new Numbers(1).Normal(4, 1, 5, 5);

        var first = nn.functional.conv2d(x, p["0.weight"], p["0.bias"], padding: [1, 1]);
        var body = nn.functional.conv2d(first, p["block.body.0.weight"], p["block.body.0.bias"], padding: [1, 0]).tanh();
        var block = body + nn.functional.conv2d(first, p["block.shortcut.0.weight"]);
        var expected = (block + block.sigmoid()).flatten(1).mm(p["head.0.weight"].t()) + p["head.0.bias"];

        Near.Relative(Dense.ToArray(expected), Dense.ToArray(model.call(x)), 1e-14);
    }

    [Fact]
    public void Layer_rules_serve_it_and_agree_with_autodiff()
    {
        using var scope = NewDisposeScope();
        using var model = Described(Example);
        var numbers = new Numbers(1);
        var risk = new EmpiricalRisk(model, new CrossEntropy(), numbers.Normal(4, 1, 5, 5), numbers.Classes(3, 4));
        using var picked = QuadraticForms.Create(risk);
        using var autodiff = QuadraticForms.Create(risk, new CurvatureOptions { Method = CurvatureMethod.Autodiff });

        Assert.Equal(CurvatureMethod.Quadratic, picked.Method);
        Near.Relative(autodiff.Evaluate(0, 3).Values, picked.Evaluate(0, 3).Values, 1e-12);
    }

    [Fact]
    public void It_is_made_in_the_number_type_that_is_asked_for_and_in_evaluation_mode()
    {
        var description = Parse("""
            {"type": "Sequential", "layers": [
              {"type": "Linear", "in_features": 4, "out_features": 3}, {"type": "BatchNorm1d", "num_features": 3},
              {"type": "LayerNorm", "normalized_shape": 3}, {"type": "Dropout"} ]}
            """);
        foreach (var dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
        {
            using var model = description.Build(dtype, CPU);
            Assert.All(model.parameters(), parameter => Assert.Equal(dtype, parameter.dtype));
            Assert.All(model.buffers().Where(b => b.is_floating_point()), buffer => Assert.Equal(dtype, buffer.dtype));
            Assert.All(model.modules(), module => Assert.False(module.training));
        }
    }

    [Fact]
    public void A_single_layer_is_a_model_and_a_byte_order_mark_is_no_matter()
    {
        using var model = Described("\uFEFF{\"type\": \"Linear\", \"in_features\": 4, \"out_features\": 3, \"bias\": false}");

        Assert.IsType<Linear>(model);
        Assert.Equal(["weight"], model.named_parameters().Select(p => p.name));
    }

    [Fact]
    public void Every_layer_that_has_a_rule_can_be_described_and_no_other() =>
        Assert.Equal(OperationTable.Default.Known, ModelDescription.KnownLayers);

    [Fact]
    public void The_published_schema_is_the_one_of_the_table()
    {
        string path = Path.Combine(Repository.Root, "docs", "model.schema.json");
        string own = Path.Combine(AppContext.BaseDirectory, "model.schema.json");
        File.WriteAllText(own, ModelDescription.Schema);

        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == ModelDescription.Schema,
            $"docs/model.schema.json is not what the table of layers gives. Look at the difference, then: cp {own} {path}");
    }

    private static nn.Module<Tensor, Tensor> Described(string json) => Parse(json).Build(ScalarType.Float64, CPU);

    private static ModelDescription Parse(string json) => ModelDescription.Parse(Encoding.UTF8.GetBytes(json), "model.json");
}
