using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Zoo;

/// <summary>
/// Models that people use, from PyTorch as graphs: loss and quadratic forms against PyTorch's double backward, in float64.
/// </summary>
/// <remarks>
/// zoo.py makes them, of torchvision's and torch.nn's models and of such as users write. Both programs round otherwise, each result to about 1e-16 of the terms that it is a sum of:
/// 1e-10 of the blocks' absolute values, which is the total where nothing cancels.
/// </remarks>
[Collection(ZooFiles.Group)]
public sealed class ZooTests(ZooFiles zoo)
{
    private const double Tolerance = 1e-10;

    public static TheoryData<string> Names { get; } =
    [
        "autoencoder", "cifar_resnet", "conv3d", "convnext_tiny", "densenet121", "efficientnet_b0", "einsum",
        "embedding_bag", "encoder_post_norm", "encoder_pre_norm", "fcn_resnet50", "gated_linear_unit", "googlenet", "gpt",
        "group_norm", "gru", "in_place_on_views", "instance_norm", "lstm", "mobilenet_v2", "mobilenet_v3_small",
        "multihead_attention", "prelu", "resnet18", "resnet50", "rms_norm", "shufflenet_v2", "spectral_norm", "squeezenet",
        "swin_t", "tied_frozen_buffers", "u_net", "vgg11_bn", "vision_transformer", "weight_norm",
    ];

    [Fact]
    public void Every_model_that_is_written_is_tested() =>
        Assert.Equal(Names.Select(row => row.Data).Order(), Directory.GetDirectories(zoo.Folder).Select(Path.GetFileName).Order());

    [Theory, MemberData(nameof(Names))]
    public void Loss_and_quadratic_forms_are_those_of_PyTorch(string model)
    {
        using var scope = NewDisposeScope();
        string folder = Path.Combine(zoo.Folder, model);
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        double Expected(string name) => expected.RootElement.GetProperty(name).GetDouble();

        using var module = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(ScalarType.Float64, CPU);
        using (var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"))) StateDict.Load(module, weights);
        using var data = Dataset.Open(new DatasetFiles(Path.Combine(folder, "data.safetensors")));
        var (inputs, targets) = data.Read(0, data.SampleCount, ScalarType.Float64, CPU);
        Loss loss = expected.RootElement.GetProperty("loss_function").GetString() == "mse" ? new MeanSquaredError() : new CrossEntropy();
        var risk = new EmpiricalRisk(module, loss, inputs, targets);
        using var file = ArrayFiles.Open(Path.Combine(folder, "probe.safetensors"));
        using var probe = new GivenProbes(risk, file);

        Assert.DoesNotContain(OperationTable.Default.Graph(module).Nodes, node => node.Operation(1).IsByLibTorch);
        double magnitude = Expected("magnitude");
        Near.Relative(Expected("loss"), risk.Value(), Tolerance);
        foreach (var method in (CurvatureMethod[])[CurvatureMethod.Quadratic, CurvatureMethod.Hmp])
        {
            Close(Expected("full"), Total(CurvatureMatrix.Hessian, method), magnitude);
            Close(Expected("ggn"), Total(CurvatureMatrix.Ggn, method), Math.Max(magnitude, Math.Abs(Expected("ggn"))));
        }

        using var blocks = QuadraticForms.Create(risk, new CurvatureOptions { Method = CurvatureMethod.Quadratic }, probes: probe);
        var values = blocks.Evaluate(0, 1);
        foreach (var block in expected.RootElement.GetProperty("blocks").EnumerateObject())
        {
            int column = blocks.Blocks.ToList().IndexOf(block.Name);
            Close(block.Value.GetDouble(), values.Values[column], magnitude);
        }

        double Total(CurvatureMatrix matrix, CurvatureMethod method)
        {
            var options = new CurvatureOptions { Matrix = matrix, Structure = BlockStructure.Full, Method = method };
            using var form = QuadraticForms.Create(risk, options, probes: probe);
            return form.Evaluate(0, 1).Total(0);
        }
    }

    private static void Close(double expected, double actual, double magnitude) =>
        Assert.True(Math.Abs(expected - actual) <= Tolerance * magnitude, $"{actual:R} for {expected:R}, of {magnitude:R}");
}

/// <summary>The zoo's files, made once a run by Debian's PyTorch and torchvision.</summary>
[CollectionDefinition(Group)]
public sealed class ZooFiles : IDisposable, ICollectionFixture<ZooFiles>
{
    public const string Group = "zoo";

    private const string Vision = "torchvision";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-zoo-");

    public ZooFiles()
    {
        if (PythonWithTorch.Has(Vision)) PythonWithTorch.Runs(Path.Combine("Zoo", "zoo.py"), _folder.FullName);
    }

    /// <summary>Where they are; skips the test where there is no torchvision.</summary>
    public string Folder
    {
        get
        {
            PythonWithTorch.SkipUnlessFound();
            Assert.SkipUnless(PythonWithTorch.Has(Vision), "python3 has no torchvision: apt-get install python3-torchvision");
            return _folder.FullName;
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
