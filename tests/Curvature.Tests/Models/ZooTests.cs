using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>
/// Models that people use, from PyTorch as graphs: loss and quadratic forms against PyTorch's double backward, in float64.
/// </summary>
/// <remarks>
/// tests/Zoo/zoo.py makes them. Both programs round otherwise, each result to about 1e-16 of the terms that it is a sum of:
/// 1e-10 of the blocks' absolute values, which is the total where nothing cancels.
/// </remarks>
public sealed class ZooTests
{
    private const double Tolerance = 1e-10;

    public static TheoryData<string> Names { get; } = [.. Zoo.Folders().Select(folder => Path.GetFileName(folder)!)];

    [Theory, MemberData(nameof(Names))]
    public void Loss_and_quadratic_forms_are_those_of_PyTorch(string model)
    {
        using var scope = NewDisposeScope();
        string folder = Path.Combine(Zoo.Folder!, model);
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

/// <summary>The zoo's files, made once by Debian's PyTorch.</summary>
internal static class Zoo
{
    /// <summary>Where they are; null where there is no PyTorch.</summary>
    public static string? Folder { get; } = Environment.GetEnvironmentVariable("ZOO");

    public static IEnumerable<string> Folders() => Folder is null ? [] : Directory.GetDirectories(Folder);
}
