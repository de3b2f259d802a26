using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Zoo;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Zoo;

/// <summary>
/// Models that people use, from PyTorch as graphs: loss and quadratic forms against PyTorch's double backward, in float64.
/// </summary>
/// <remarks>
/// zoo.py makes them, of torchvision's and torch.nn's models and of such as users write. Both programs round otherwise, each result to about 1e-16 of the terms that it is a sum of:
/// 1e-10 of the blocks' absolute values, which is the total where nothing cancels.
/// </remarks>
[Collection(ZooWithExpectations.Group)]
public sealed class ZooTests(ZooWithExpectations zoo)
{
    private const double Tolerance = 1e-10;

    public static TheoryData<string> Names { get; } = [.. ZooFiles.Names];

    [Fact]
    public void Every_model_that_is_written_is_tested() =>
        Assert.Equal(ZooFiles.Names.Order(), Directory.GetDirectories(zoo.Folder).Select(Path.GetFileName).Order());

    [Theory, MemberData(nameof(Names))]
    public void Loss_and_quadratic_forms_are_those_of_PyTorch(string model)
    {
        using var scope = NewDisposeScope();
        string folder = zoo.Of(model);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        using var precise = new ZooModel(folder, ScalarType.Float64);
        using var single = new ZooModel(folder, ScalarType.Float32);

        // Float32 rounds sums of up to some ten thousand terms to 1e-7 of them.
        Compare(expected.RootElement, single, 1e-4, CurvatureMethod.Quadratic);
        Compare(expected.RootElement, precise, Tolerance, CurvatureMethod.Quadratic, CurvatureMethod.Hmp);
        CompareBlocks(expected.RootElement, precise);
    }

    /// <summary>Σ_n ‖J_nᵀ S_n e_j‖² of each block for a few basis vectors of the output, against one backward pass of libtorch a sample.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Reverse_sweeps_are_libtorchs_gradients_sample_by_sample(string model)
    {
        using var scope = NewDisposeScope();
        using var precise = new ZooModel(zoo.Of(model), ScalarType.Float64);
        var risk = precise.Risk();
        Assert.SkipWhen(risk.Loss is ModelLoss, "It has no prediction that a loss is of.");
        using var form = QuadraticForms.Create(risk, new CurvatureOptions
        {
            Matrix = CurvatureMatrix.Ggn,
            ProbeSpace = ProbeSpace.Prediction,
            Distribution = ProbeDistribution.Basis,
        });

        foreach (long vector in new[] { 0, form.BasisCount / 2, form.BasisCount - 1 }.Distinct())
        {
            double[] expected = precise.SquaredGradients(vector);
            Near.Relative(expected, form.Evaluate(vector, 1).Values, Tolerance);
        }
    }

    [Theory]
    [InlineData("cifar_resnet", true)]
    [InlineData("densenet121", true)]
    [InlineData("mobilenet_v2", true)]
    [InlineData("resnet50", true)]
    [InlineData("vgg11_bn", true)]
    [InlineData("mobilenet_v3_small", false)]
    [InlineData("vision_transformer", false)]
    public void What_is_piecewise_linear_along_each_parameter_is_recognised(string model, bool isPiecewiseLinear)
    {
        using var scope = NewDisposeScope();
        using var single = new ZooModel(zoo.Of(model), ScalarType.Float32);
        using var form = QuadraticForms.Create(single.Risk(), new CurvatureOptions { ProbeSpace = ProbeSpace.Prediction });
        Assert.Equal(isPiecewiseLinear, form.MethodReason.Contains("the model is piecewise linear along each parameter", StringComparison.Ordinal));
    }

    /// <summary>Every parameter is drawn in some way, and the blocks of a sweep of all draws add up to what the sweep has found.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Samples_have_probes_of_their_own_in_both_spaces(string model)
    {
        using var scope = NewDisposeScope();
        using var precise = new ZooModel(zoo.Of(model), ScalarType.Float64);
        var risk = precise.Risk();
        Assert.SkipWhen(risk.Loss is ModelLoss, "It has no prediction that a loss is of.");
        var options = new CurvatureOptions { ProbeSpace = ProbeSpace.Prediction, Structure = BlockStructure.Full };
        using var full = QuadraticForms.Create(risk, options);
        using var blocks = QuadraticForms.Create(risk, options with { Structure = BlockStructure.Block });
        using var output = QuadraticForms.Create(risk, options with { ProbeSpace = ProbeSpace.Output });
        var (together, apart) = (full.Evaluate(1, 2), blocks.Evaluate(1, 2));

        for (int p = 0; p < together.Count; p++)
        {
            double magnitude = Enumerable.Range(0, apart.Columns).Sum(b => Math.Abs(apart[p][b]));
            Close(together.Total(p), apart.Total(p), Tolerance * magnitude);
        }

        Assert.All(output.Evaluate(0, 1).Values.ToArray(), value => Assert.True(double.IsFinite(value)));
    }

    private static void Compare(JsonElement expected, ZooModel model, double tolerance, params CurvatureMethod[] methods)
    {
        double magnitude = Number(expected, "magnitude");
        Near.Relative(Number(expected, "loss"), model.Risk().Value(), tolerance);
        foreach (var method in methods)
        {
            Close(Number(expected, "full"), Total(CurvatureMatrix.Hessian, method), tolerance * magnitude);
            if (!expected.TryGetProperty("ggn", out var ggn)) continue;
            Close(ggn.GetDouble(), Total(CurvatureMatrix.Ggn, method), tolerance * Math.Max(magnitude, Math.Abs(ggn.GetDouble())));
        }

        double Total(CurvatureMatrix matrix, CurvatureMethod method)
        {
            var options = new CurvatureOptions { Matrix = matrix, Structure = BlockStructure.Full, Method = method };
            using var probe = model.Probe();
            using var form = QuadraticForms.Create(model.Risk(), options, probes: probe);
            return form.Evaluate(0, 1).Total(0);
        }
    }

    /// <summary>Some of the blocks, and no others are computed.</summary>
    private static void CompareBlocks(JsonElement expected, ZooModel model)
    {
        var blocks = expected.GetProperty("blocks").EnumerateObject().ToDictionary(block => block.Name, block => block.Value.GetDouble());
        using var probe = model.Probe();
        ParameterSelection.Select(model.Module, [.. blocks.Keys]);
        using var form = QuadraticForms.Create(model.Risk(), new CurvatureOptions { Method = CurvatureMethod.Quadratic }, probes: probe);

        // No operation is libtorch's to differentiate.
        Assert.Equal("asked for", form.MethodReason);
        var values = form.Evaluate(0, 1);
        Assert.Equal(blocks.Count, form.Blocks.Count);
        foreach (var (name, column) in form.Blocks.Select((name, column) => (name, column)))
            Close(blocks[name], values.Values[column], Tolerance * Number(expected, "magnitude"));
    }

    private static double Number(JsonElement expected, string name) => expected.GetProperty(name).GetDouble();

    private static void Close(double expected, double actual, double allowed) =>
        Assert.True(Math.Abs(expected - actual) <= allowed, $"{actual:R} for {expected:R}, allowed {allowed:R}");
}

/// <summary>A model of the zoo with its batch and its probe.</summary>
internal sealed class ZooModel : IDisposable
{
    private readonly Loss _loss;
    private readonly ModelInputs _inputs;
    private readonly Tensor _targets;
    private readonly ArrayFile _probe;

    public ZooModel(string folder, ScalarType dtype)
    {
        Module = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(dtype, CPU);
        using (var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"))) StateDict.Load(Module, weights);
        string file = Path.Combine(folder, "data.safetensors");
        using var data = Dataset.Open(new DatasetFiles(file), new DatasetOptions { Inputs = ((IModelOfInputs)Module).Inputs });
        (_inputs, _targets) = data.Read(0, data.SampleCount, dtype, CPU);
        _loss = (data.NamedLoss, data.NamedLossArguments.ContainsKey("class-dimension")) switch
        {
            ("model", _) => new ModelLoss(),
            ("mse", _) => new MeanSquaredError(),
            (_, true) => new CrossEntropy(classDimension: -1),
            _ => new CrossEntropy(),
        };
        _probe = ArrayFiles.Open(Path.Combine(folder, "probe.safetensors"));
    }

    public nn.Module<Tensor, Tensor> Module { get; }

    public EmpiricalRisk Risk() => new(Module, _loss, _inputs, _targets);

    /// <summary>Σ_n ‖J_nᵀ S_n e_j‖² of each block.</summary>
    /// <param name="vector">j, among the numbers of one sample's output.</param>
    public double[] SquaredGradients(long vector)
    {
        var risk = Risk();
        Tensor[] parameters = [.. risk.Blocks.Select(block => block.Parameter)];
        double[] sums = new double[parameters.Length];
        for (long n = 0; n < risk.SampleCount; n++)
        {
            using var scope = NewDisposeScope();
            var output = ((IModelOfInputs)Module).forward([.. _inputs.Select(input => input.narrow(0, n, 1))]);
            var adjoint = Root(output.detach(), vector, risk.SampleCount);
            var gradients = autograd.grad([output], parameters, [adjoint], allow_unused: true);
            for (int b = 0; b < sums.Length; b++)
            {
                if (!gradients[b].IsInvalid) sums[b] += gradients[b].square().sum().item<double>();
            }
        }

        return sums;
    }

    /// <summary>S e_j of the mean squared error, or of the mean cross-entropy of all positions.</summary>
    private Tensor Root(Tensor output, long vector, long samples)
    {
        var unit = zeros_like(output);
        unit.view(-1)[vector] = 1;
        if (_loss is MeanSquaredError) return unit * Math.Sqrt(2.0 / (output.numel() * samples));
        int classes = _targets.dim() == output.dim() - 1 && !_targets.shape.SequenceEqual([samples, .. output.shape[2..]]) ? -1 : 1;
        var p = output.softmax(classes);
        double positions = (double)output.numel() / output.shape[classes < 0 ? ^1 : 1] * samples;
        return (p.sqrt() * unit - p * (p.sqrt() * unit).sum(classes, keepdim: true)) / Math.Sqrt(positions);
    }

    public GivenProbes Probe() => new(Risk(), _probe);

    public void Dispose()
    {
        _probe.Dispose();
        _inputs.Dispose();
        _targets.Dispose();
        Module.Dispose();
    }
}

/// <summary>The zoo with what PyTorch finds for each model.</summary>
[CollectionDefinition(Group)]
public sealed class ZooWithExpectations : ZooFiles, ICollectionFixture<ZooWithExpectations>
{
    public const string Group = "zoo";
}
