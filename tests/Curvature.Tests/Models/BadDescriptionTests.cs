using System.Text;
using ActorHutch.Curvature.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>What is wrong with a description is reported all at once: where, what was there, what would be right.</summary>
public sealed class BadDescriptionTests
{
    [Theory]
    [InlineData("""{"type": "Lineer"}""", "type is \"Lineer\", which is no layer that a description can have; known layers are AdaptiveAvgPool1d,")]
    [InlineData("""{"type": 3}""", "type is 3, which is no layer")]
    [InlineData("""{"layers": []}""", "type is missing; known layers are")]
    [InlineData("[]", "The model is []; it must be a layer, such as")]
    [InlineData("""{"type": "Tanh", "size": 3}""", "size is no argument of Tanh, which has no arguments.")]
    [InlineData("""{"type": "Tanh", "name": "a"}""", "name is no argument of Tanh")]
    [InlineData("""{"type": "ELU", "beta": 3}""", "beta is no argument of ELU, which has alpha, inplace.")]
    [InlineData("""{"type": "Linear", "in_features": 3}""", "out_features is missing; it must be an integer of 1 or more.")]
    [InlineData("""{"type": "Linear", "in_features": "3", "out_features": 3}""", "in_features is \"3\"; it must be an integer of 1 or more.")]
    [InlineData("""{"type": "Linear", "in_features": 0, "out_features": 3}""", "in_features is 0; it must be an integer of 1 or more.")]
    [InlineData("""{"type": "Linear", "in_features": 2.5, "out_features": 3}""", "in_features is 2.5; it must be an integer of 1 or more.")]
    [InlineData("""{"type": "Linear", "in_features": 3000000000, "out_features": 3}""", "in_features is 3000000000; it must be an integer")]
    [InlineData("""{"type": "Linear", "in_features": 3, "out_features": 3, "bias": 1}""", "bias is 1; it must be true or false.")]
    [InlineData("""{"type": "Dropout", "p": 1.5}""", "p is 1.5; it must be a number from 0 to 1.")]
    [InlineData("""{"type": "ELU", "alpha": 1e999}""", "alpha is 1e999; it must be a finite number.")]
    [InlineData("""{"type": "GELU", "approximate": "tan"}""", "approximate is \"tan\"; it must be one of \"none\", \"tanh\".")]
    [InlineData("""{"type": "MaxPool2d", "kernel_size": [2, 2, 2]}""", "kernel_size is [2, 2, 2]; it must be an integer of 1 or more, or a list of 2 of them.")]
    [InlineData("""{"type": "MaxPool2d", "kernel_size": 2, "padding": 2}""", "padding is 2; it must be half of kernel_size at most.")]
    [InlineData("""{"type": "MaxPool1d", "kernel_size": 2, "return_indices": true}""", "return_indices is true; it must be false")]
    [InlineData("""{"type": "LayerNorm", "normalized_shape": []}""", "normalized_shape is []; it must be an integer of 1 or more, or a list of one or more of them.")]
    [InlineData("""{"type": "Embedding", "num_embeddings": 4, "embedding_dim": 2, "max_norm": 1}""", "max_norm is 1; it must be null")]
    [InlineData("""{"type": "Embedding", "num_embeddings": 4, "embedding_dim": 2, "padding_idx": -5}""", "padding_idx is -5; it must be a row of the 4 that there are.")]
    [InlineData("""{"type": "Conv1d", "in_channels": 3, "out_channels": 4, "kernel_size": 3, "groups": 2}""", "groups is 2; it must divide in_channels, which is 3.")]
    [InlineData("""{"type": "Conv1d", "in_channels": 3, "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": "same"}""", "padding is \"same\"; it must be numbers where stride is not 1.")]
    [InlineData("""{"type": "Conv1d", "in_channels": 3, "out_channels": 4, "kernel_size": 3, "padding": "full"}""", "padding is \"full\"; it must be an integer of 0 or more, or a list of 1 of them, or \"valid\", or \"same\".")]
    [InlineData("""{"type": "Hardtanh", "min_val": 1}""", "max_val is the default; it must be larger than min_val.")]
    [InlineData("""{"type": "CELU", "alpha": 0}""", "alpha is 0; it must not be 0.")]
    [InlineData("""{"type": "Sequential"}""", "layers is missing; it must be a list of layers.")]
    [InlineData("""{"type": "Sequential", "layers": []}""", "layers is []; it must be a list of one layer or more.")]
    [InlineData("""{"type": "Sequential", "layers": [{"type": "Tanh"}], "shortcut": []}""", "shortcut is no argument of Sequential, which has layers.")]
    [InlineData("""{"type": "Sequential", "layers": [3]}""", "layers[0] is 3; it must be a layer")]
    [InlineData("""{"type": "Sequential", "layers": [{"type": "Tanh", "name": "a.b"}]}""", "layers[0].name is \"a.b\"; it must be a name without dots")]
    [InlineData("""{"type": "Sequential", "layers": [{"type": "Tanh", "name": "1"}, {"type": "Tanh"}]}""", "layers[1] has the name \"1\", which layers[0] has already.")]
    [InlineData("""{"type": "Tanh", "type": "ReLU"}""", "type is given twice.")]
    public void What_is_wrong_is_named(string json, string message) => Rejected.Saying(message, () => Parse(json));

    [Fact]
    public void Everything_is_reported_at_once_and_with_its_place()
    {
        var error = Assert.Throws<CurvatureException>(() => Parse("""
            {"type": "Sequential", "layers": [
              {"type": "Linear", "in_features": 784, "out_feature": 20},
              {"type": "Residual", "layers": [{"type": "Tanh"}, {"type": "LSTM"}], "shortcut": [{"type": "Dropout", "p": "0.5"}]}
            ]}
            """));

        string[] starts =
        [
            "model.json describes no model:", "  layers[0].out_feature is no argument", "  layers[0].out_features is missing;",
            "  layers[1].layers[1].type is \"LSTM\", which", "  layers[1].shortcut[0].p is \"0.5\"; it must",
        ];
        string[] lines = error.Message.Split('\n');
        Assert.Equal(starts.Length, lines.Length);
        Assert.All(starts.Zip(lines), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void Containers_may_be_nested_32_times_and_no_more()
    {
        static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"type\":\"Sequential\",\"layers\":[", depth))
            + "{\"type\":\"Tanh\"}" + string.Concat(Enumerable.Repeat("]}", depth));

        Assert.Equal(0, Parse(Nested(32)).ParameterCount);
        Rejected.Saying("layers[0] is nested too deep; containers may hold each other 32 times.", () => Parse(Nested(33)));
        Rejected.Saying("is not JSON at line 1, byte", () => Parse(Nested(5000)));
    }

    [Theory]
    [InlineData("{\n  \"type\": Tanh }", "model.json is not JSON at line 2, byte 11: 'T' is an invalid start of a value")]
    [InlineData("", "model.json is not JSON at line 1, byte 1")]
    [InlineData("{\"type\": \"Tanh\"} x", "model.json is not JSON at line 1, byte 18")]
    public void Text_that_is_not_JSON(string text, string message) => Rejected.Saying(message, () => Parse(text));

    [Theory]
    [InlineData("{\"type\": \"\\ud800\"}")]
    [InlineData("{\"\\ud800\": 1, \"type\": \"Tanh\"}")]
    public void Text_that_is_no_Unicode(string text) => Rejected.Saying("text that is no Unicode", () => Parse(text));

    [Fact]
    public void Bytes_that_are_no_text() => Rejected.Saying(
        "model.json", () => ModelDescription.Parse(new byte[] { (byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, "model.json"));

    [Fact]
    public void Many_problems_are_counted()
    {
        string json = "{\"type\":\"Sequential\",\"layers\":[" + string.Join(',', Enumerable.Repeat("1", 1000)) + "]}";

        Rejected.Saying("and 950 problems more", () => Parse(json));
    }

    [Fact]
    public void A_file_that_is_missing_or_too_large()
    {
        Rejected.Saying("no-such-model.json", () => ModelDescription.Load("no-such-model.json"));
        Rejected.Saying("The model cannot be read", () => ModelDescription.Load(AppContext.BaseDirectory));

        string path = Path.GetTempFileName();
        try
        {
            using (var file = File.OpenWrite(path)) file.SetLength(ModelDescription.LargestFile + 1);
            Rejected.Saying("has 33,554,433 bytes; a model's description has 33,554,432 at most", () => ModelDescription.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_model_that_no_memory_holds_is_not_even_tried()
    {
        var huge = Parse("""{"type": "Linear", "in_features": 2000000000, "out_features": 2000000000}""");

        Rejected.Saying("which this machine's memory does not hold", () => huge.Build(ScalarType.Float32, CPU));
    }

    private static ModelDescription Parse(string json) => ModelDescription.Parse(Encoding.UTF8.GetBytes(json), "model.json");
}
