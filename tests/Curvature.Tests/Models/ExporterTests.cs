using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>
/// tools/export_pytorch.py on models that do something to their arguments or to themselves, and on what users do wrong:
/// exporter_models.py has them, exporter_cases.py runs them.
/// </summary>
[Collection(PyTorchGroup.Name)]
public sealed class ExporterTests(PyTorchFiles files)
{
    [Theory]
    [InlineData("branch", "cross-entropy")]
    [InlineData("branch-program", "cross-entropy")]
    [InlineData("first-graph", "cross-entropy")]
    [InlineData("inputs-are-targets-graph", "mse")]
    [InlineData("caching-graph", "cross-entropy")]
    [InlineData("transformer-graph", "cross-entropy")]
    [InlineData("traced-graph", "cross-entropy")]
    [InlineData("pair-graph", "cross-entropy")]
    [InlineData("dictionary-graph", "cross-entropy")]
    [InlineData("half-graph", "cross-entropy")]
    [InlineData("first", "cross-entropy")]
    [InlineData("first-program", "cross-entropy")]
    [InlineData("inputs-are-targets", "mse")]
    [InlineData("inputs-are-targets-program", "mse")]
    [InlineData("inputs-with-gradients", "cross-entropy")]
    [InlineData("counting", "cross-entropy")]
    [InlineData("caching", "cross-entropy")]
    [InlineData("training", "cross-entropy")]
    [InlineData("transformer", "cross-entropy")]
    [InlineData("traced", "cross-entropy")]
    [InlineData("traced-one", "cross-entropy")]
    [InlineData("pair", "cross-entropy")]
    [InlineData("dictionary", "cross-entropy")]
    [InlineData("weight-norm", "cross-entropy")]
    [InlineData("half", "cross-entropy")]
    [InlineData("probabilities", "cross-entropy")]
    [InlineData("probabilities-mse", "mse")]
    [InlineData("real", "mse")]
    [InlineData("bce", "bce")]
    [InlineData("no-grad", "cross-entropy")]
    [InlineData("ignored", "cross-entropy")]
    [InlineData("classes-last", "cross-entropy")]
    [InlineData("two-inputs", "cross-entropy")]
    [InlineData("inputs-by-name", "cross-entropy")]
    [InlineData("own-loss", "model")]
    [InlineData("own-loss-by-name", "model")]
    public void What_is_written_is_the_model_that_make_returns(string name, string loss)
    {
        using var scope = NewDisposeScope();
        var run = Run(name);
        Assert.True(run.Code == 0, run.Error);
        string folder = files.At("exporter", name);
        using var model = Load(folder);
        var takes = (model as IModelOfInputs)?.Inputs;
        using var data = Dataset.Open(new DatasetFiles(Path.Combine(folder, "data.safetensors")), new DatasetOptions { Inputs = takes });
        var (inputs, targets) = data.Read(0, data.SampleCount, ScalarType.Float64, CPU);
        var risk = new EmpiricalRisk(model, name switch
        {
            "ignored" => new CrossEntropy(ignoreIndex: 255),
            "classes-last" => new CrossEntropy(classDimension: -1),
            _ => LossOf(loss),
        }, inputs, targets);
        using var file = ArrayFiles.Open(Path.Combine(folder, "check.safetensors"));
        using var probe = new GivenProbes(risk, file);
        var expected = CurvatureCheck.Load(Path.Combine(folder, "expected.json"));
        var check = CurvatureCheck.Load(Path.Combine(folder, "check.json"));

        Assert.Equal((loss, "mean"), (check.LossFunction, check.Reduction));
        Assert.Equal(loss != "cross-entropy" ? null : name == "ignored" ? 255 : -100, check.IgnoreIndex);
        Assert.Contains($"the loss is {loss} (", run.Error, StringComparison.Ordinal);
        // The same operations of one libtorch in float64; what an in-place layer leaves is off by 1e-2 and more.
        AssertNear(expected, check, 1e-12);
        // Sums of some hundred terms in another order by another libtorch.
        AssertNear(expected, CurvatureCheck.Of(risk, probe), 1e-10);
        Assert.Equal(expected.Blocks.Keys.Order(), check.Blocks.Keys.Order());
        string[] names = takes is { Count: > 1 } ? [.. takes.Select(input => input.Name)] : ["inputs"];
        foreach (var (array, read) in names.Zip(inputs).Append(("targets", targets)))
        {
            var made = PyTorchFiles.Read(Path.Combine(folder, "made.safetensors"), array, ScalarType.Float64);
            Assert.Equal(Dense.ToArray(made.to(ScalarType.Float64)), Dense.ToArray(read.to(ScalarType.Float64)));
        }
    }

    [Theory]
    [InlineData("first-program")]
    [InlineData("branch-program")]
    [InlineData("counting")]
    public void A_program_that_overwrites_has_the_same_samples_each_time(string name)
    {
        using var scope = NewDisposeScope();
        string folder = files.At("exporter", name);
        string data = Path.Combine(folder, "data.safetensors");
        using var model = Load(folder);
        var inputs = PyTorchFiles.Read(data, "inputs", ScalarType.Float64);
        double[] before = Dense.ToArray(inputs);
        var samples = new TensorSamples(inputs, PyTorchFiles.Read(data, "targets", ScalarType.Float64));
        double expected = CurvatureCheck.Load(Path.Combine(folder, "expected.json")).Loss;

        foreach (long size in (long[])[6, 4])
        {
            var risk = new MicroBatchedRisk(model, new CrossEntropy(), samples, size);
            risk.CheckDeterminism();
            using var form = QuadraticForms.Create(risk);
            var first = form.Evaluate(0, 3);

            Assert.Equal(first.Values, form.Evaluate(0, 3).Values);
            Near.Relative(expected, risk.Value(), 1e-12);
            Assert.Equal(before, Dense.ToArray(inputs));
        }
    }

    [Theory]
    [InlineData("branch-layers", "Module 1 (Residual) computes something else than its children in the order that was said. Module 1.body.0 works in place")]
    [InlineData("detached", "its output is the model's, and the gradient of 0.weight is not")]
    [InlineData("missing", "none.py: there is no such file.")]
    [InlineData("no-colon", "say file.py:function")]
    [InlineData("no-function", "has no function mak; it has")]
    [InlineData("arguments", "must be a function that is called without arguments: missing a required argument: 'arguments'")]
    [InlineData("syntax", "syntax.py, line 3: def make(:")]
    [InlineData("import", "lacks.py, line 2, in <module>: import there_is_no_such_module")]
    [InlineData("raises", "in raises: return model(numbers(6, 4)), None, None")]
    [InlineData("leaves", "SystemExit(7): it ends the program")]
    [InlineData("two-things", "must return (model, inputs, targets), or these and a loss; it returned 2 things.")]
    [InlineData("no-module", "The model must be a torch.nn.Module, and is a method.")]
    [InlineData("several-inputs", "The model takes input1 and input2, and a program takes one tensor: write it as a graph, without --torchscript.")]
    [InlineData("several-arguments", "forward takes input1 and input2, and it is given one tensor. Let make() return a tuple of all of them, or a dict.")]
    [InlineData("too-many-inputs", "make() returns 2 inputs, and forward takes 1 (input).")]
    [InlineData("other-lengths", "must be the same: input1 has the shape [6, 4], input2 has the shape [5, 3].")]
    [InlineData("own-loss-scores", "The model computes its own loss, and returns [6, 3]: it must return one number, or one for each of the 6 samples.")]
    [InlineData("numpy", "torch.from_numpy makes one of it")]
    [InlineData("list", "targets must be a tensor, and is a list: torch.tensor")]
    [InlineData("empty", "The batch is empty: inputs has the shape [0, 5].")]
    [InlineData("fewer-targets", "There are 6 inputs and 4 targets")]
    [InlineData("one-target", "targets is a single number")]
    [InlineData("lazy", "0.weight has no shape yet: run the model once in make()")]
    [InlineData("meta", "weight is on the device meta")]
    [InlineData("failing", "in forward: return self.layer(narrow)")]
    [InlineData("other-type", "Inputs are float64 and parameters float32")]
    [InlineData("pair", "with --output and one of 0 ([], float32), 1.0 ([6, 3], float32), 1.1 ([6, 3], float32).")]
    [InlineData("dictionary", "with --output and one of features ([6, 5], float32), logits ([6, 3], float32).")]
    [InlineData("output-unknown", "--output 2: the model returns a tuple of 2, which has 0 ([], float32)")]
    [InlineData("output-tuple", "--output 1 is a tuple of 2; it must be a tensor: 1.0 ([6, 3], float32)")]
    [InlineData("output-number", "The model returns a single number")]
    [InlineData("output-layers", "--output needs a graph or a program")]
    [InlineData("graph-layers", "and --graph asks for another form")]
    [InlineData("on-numbers", "What it does depends on numbers that it computes, as if x.sum() > 0")]
    [InlineData("on-numbers", "in forward: return torch.tanh(y) if y.sum() > 0 else y")]
    [InlineData("one-by-one", "it treats samples one after another, as for i in range(len(x)) does")]
    [InlineData("text", "where here they are in the last, say --class-dimension last.")]
    [InlineData("column", "the model's output is [6, 1] and the targets are [6]: squeeze or unsqueeze")]
    [InlineData("class-10", "Targets must be classes from 0 to 2, since the output has 3 scores, or -100, which does not count (--ignore-index); there is 10, of sample 2.")]
    [InlineData("class-255", "there is 255, of sample 0, at [0, 0].")]
    [InlineData("one-score", "say --loss bce and give the targets as real numbers")]
    [InlineData("classes-mse", "With --loss mse targets are real numbers, and they are int64")]
    [InlineData("real-cross-entropy", "Probabilities of classes must not be negative")]
    [InlineData("real-bce", "With --loss bce targets must lie between 0 and 1")]
    [InlineData("loss-argument", "The loss mse has no argument label-smoothing, which is one of cross-entropy.")]
    [InlineData("loss-share", "label-smoothing is 2: it must lie between 0 and 1.")]
    [InlineData("loss-dimension", "The model's output is [6, 5, 7], and has no dimension 3 of classes (--class-dimension).")]
    [InlineData("loss-beta", "beta is 0: it must be above 0.")]
    [InlineData("loss-unknown", "The loss MultiMarginLoss is none that is known: CrossEntropyLoss, MSELoss, BCEWithLogitsLoss")]
    [InlineData("loss-for-each", "The loss CrossEntropyLoss has the reduction none, and the loss must be a single number: say mean or sum.")]
    [InlineData("loss-weights", "There are weights of 4 classes: the model's output is [6, 3] and the targets are [6].")]
    [InlineData("loss-kl", "With --loss kl-div targets must lie between 0 and 1")]
    [InlineData("loss-probabilities", "With --loss bce-of-probabilities the model's output must lie between 0 and 1.")]
    [InlineData("booleans", "The targets are true or false: say --loss bce or --loss mse")]
    [InlineData("two-softmaxes", "Both the targets and the model's output look like probabilities of classes. Say --loss mse")]
    [InlineData("not-finite", "The loss cross-entropy is nan")]
    [InlineData("renormalised", "The model changes its own parameter 0.weight while it runs")]
    [InlineData("random", "different the second time: it draws random numbers in evaluation mode too")]
    [InlineData("counts-calls", "different the second time: it changes its own calls while it runs")]
    [InlineData("computed-early", "exponents was computed of parameters before forward")]
    [InlineData("fixed-batch", "It was made for 6 alone")]
    [InlineData("no-program", "traced, it failed: RuntimeError: Could not export Python function call 'Once'")]
    [InlineData("residual", "--residual Block:a,b,c: say CLASS, or CLASS:BODY,SHORTCUT.")]
    public void What_is_wrong_is_said_with_exit_code_2_and_nothing_is_written(string name, string message)
    {
        var run = Run("refused-" + name);

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.StartsWith("export_pytorch: ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", run.Error, StringComparison.Ordinal);
        // What was there before: exporter_cases.py puts a check.json there.
        Assert.Empty(run.Files.Except(["check.json"]));
    }

    [Theory]
    [InlineData("bag", "Module 0.0 (EmbeddingBag) has no second derivative in PyTorch")]
    [InlineData("distances", "Module inner (Distances) has no second derivative in PyTorch")]
    [InlineData("infinite", "v'Hv of layer.weight is nan")]
    [InlineData("single", "In float64, in which check.json is computed: The model cannot be run on the inputs")]
    [InlineData("all-frozen", "The model has no trainable parameter")]
    public void A_check_that_cannot_be_computed_is_none_and_the_model_is_written(string name, string message)
    {
        var run = Run("refused-" + name);

        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", run.Error, StringComparison.Ordinal);
        // Not even the check.json of an earlier export, which is of another model.
        Assert.Equal(["data.safetensors", "model.pt"], run.Files);
    }

    [Fact]
    public void A_script_finds_what_lies_beside_it_and_may_have_any_name()
    {
        Assert.Equal((0, 0), (Run("imports").Code, Run("json").Code));
        Assert.Contains("check.json", Run("json").Files);
    }

    [Fact]
    public void A_check_goes_with_the_model_that_it_was_of()
    {
        // Exported with --check, and then without.
        Assert.Equal(["data.safetensors", "model.json", "weights.safetensors"], Run("again").Files);
    }

    [Fact]
    public void A_folder_that_is_a_file() =>
        Assert.Contains("must be a folder that can be written to", Run("scripts/syntax.py").Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("training", "the model was in training mode, and is written in evaluation mode")]
    [InlineData("half", "the model is in float16; it is written in float32")]
    [InlineData("first", "the loss is cross-entropy (the targets are whole numbers, which are classes), 1.10556.")]
    [InlineData("probabilities", "the loss is cross-entropy (the targets are probabilities of classes")]
    [InlineData("probabilities-mse", "the loss is mse (asked for)")]
    [InlineData("real", "the loss is mse (the targets are real numbers)")]
    public void What_was_taken_for_granted_is_said(string name, string message) =>
        Assert.Contains(message, Run(name).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("first", "cross-entropy")]
    [InlineData("probabilities", "cross-entropy")]
    [InlineData("probabilities-mse", "mse")]
    [InlineData("bce", "bce")]
    public void The_data_say_which_loss_they_are_for(string name, string loss)
    {
        using var data = Dataset.Open(new DatasetFiles(files.At("exporter", name, "data.safetensors")));

        Assert.Equal(loss, data.NamedLoss);
        Assert.Equal(name.StartsWith("probabilities", StringComparison.Ordinal), data.TargetsLookLikeProbabilities());
    }

    private Ran Run(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(files.At("exporter", "runs.json")));
        var run = json.RootElement.GetProperty(name);
        return new Ran(
            run.GetProperty("code").GetInt32(), run.GetProperty("err").GetString()!,
            [.. run.GetProperty("files").EnumerateArray().Select(file => file.GetString()!)]);
    }

    private static nn.Module<Tensor, Tensor> Load(string folder)
    {
        string program = Path.Combine(folder, "model.pt");
        if (File.Exists(program)) return TorchScriptModel.Load(program, ScalarType.Float64, CPU);
        var model = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(ScalarType.Float64, CPU);
        using var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"));
        StateDict.Load(model, weights);
        return model;
    }

    private static Loss LossOf(string name) => name switch
    {
        "mse" => new MeanSquaredError(),
        "bce" => new BinaryCrossEntropyWithLogits(),
        "model" => new ModelLoss(),
        _ => new CrossEntropy(),
    };

    private static void AssertNear(CurvatureCheck expected, CurvatureCheck found, double tolerance) => Assert.True(
        found.DifferenceFrom(expected).Largest <= tolerance, $"{found} is not {expected} to {tolerance:E0}");

    private sealed record Ran(int Code, string Error, IReadOnlyList<string> Files);
}
