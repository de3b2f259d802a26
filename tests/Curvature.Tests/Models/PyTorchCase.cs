using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>A folder that pytorch_samples.py has written: a model, its samples, and PyTorch's loss and traces of both.</summary>
internal sealed class PyTorchCase(string folder)
{
    /// <summary>
    /// Both sides add the same terms in another order, some thousand of 1e-16 each; another function's trace is off by
    /// 1e-3 at least.
    /// </summary>
    public const double Tolerance = 1e-10;

    private readonly JsonElement _expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json"))).RootElement;

    /// <summary>Whether the model is there as layers too.</summary>
    public bool IsDescribed => File.Exists(Path.Combine(folder, "model.json"));

    /// <summary>What PyTorch found.</summary>
    public JsonElement Expected => _expected;

    /// <summary>The samples' file.</summary>
    public string Data => Path.Combine(folder, "data.safetensors");

    /// <summary>The model, in float64.</summary>
    public nn.Module<Tensor, Tensor> Model(bool described)
    {
        if (!described) return TorchScriptModel.Load(Path.Combine(folder, "model.pt"), ScalarType.Float64, CPU);
        var model = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(ScalarType.Float64, CPU);
        using var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"));
        StateDict.Load(model, weights);
        return model;
    }

    /// <summary>The cross-entropy that PyTorch took.</summary>
    public CrossEntropy Loss() => new(
        _expected.TryGetProperty("reduction", out _) ? Reduction.Sum : Reduction.Mean,
        _expected.TryGetProperty("weight", out var weight)
            ? [.. weight.EnumerateArray().Select(w => w.GetDouble())] : null,
        _expected.TryGetProperty("label_smoothing", out var smoothing) ? smoothing.GetDouble() : 0,
        _expected.TryGetProperty("ignore_index", out var ignored) ? ignored.GetInt64() : CrossEntropy.DefaultIgnoreIndex);

    /// <summary>A trace that PyTorch found.</summary>
    public double Trace(CurvatureMatrix matrix) =>
        _expected.GetProperty(matrix == CurvatureMatrix.Ggn ? "ggn" : "hessian").GetDouble();

    /// <summary>A form's exact trace: the sum over all basis vectors.</summary>
    public static double Exact(MicroBatchedRisk risk, CurvatureOptions options)
    {
        using var form = QuadraticForms.Create(risk, options with { Distribution = ProbeDistribution.Basis });
        double sum = 0;
        foreach (double value in form.Evaluate(0, (int)form.BasisCount).Values) sum += value;
        return sum;
    }
}
