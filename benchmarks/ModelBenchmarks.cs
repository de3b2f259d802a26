using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>Four probes on larger models: double backward on the full matrix is the baseline.</summary>
public class ModelBenchmarks
{
    private const int Probes = 4;

    private MnistExample _example = null!;
    private IQuadraticForm _form = null!;

    /// <summary>mlp: 784-512-512-10 with ReLU. cnn: two convolutions with pooling, two Linear layers, tanh.</summary>
    [Params("mlp", "cnn")]
    public string Model { get; set; } = "";

    [GlobalSetup(Targets = [nameof(AutodiffFull)])]
    public void SetUpAutodiff() =>
        SetUp(new CurvatureOptions { Method = CurvatureMethod.Autodiff, Structure = BlockStructure.Full });

    [GlobalSetup(Targets = [nameof(QuadraticFull)])]
    public void SetUpFull() =>
        SetUp(new CurvatureOptions { Method = CurvatureMethod.Quadratic, Structure = BlockStructure.Full });

    [GlobalSetup(Targets = [nameof(QuadraticBlock)])]
    public void SetUpBlock() => SetUp(new CurvatureOptions { Method = CurvatureMethod.Quadratic });

    [GlobalSetup(Targets = [nameof(HmpFull)])]
    public void SetUpHmp() =>
        SetUp(new CurvatureOptions { Method = CurvatureMethod.Hmp, Structure = BlockStructure.Full });

    [GlobalSetup(Targets = [nameof(OutputSpace)])]
    public void SetUpOutput() => SetUp(new CurvatureOptions { ProbeSpace = ProbeSpace.Output });

    [Benchmark(Baseline = true, Description = "autodiff, full")]
    public void AutodiffFull() => _form.Evaluate(0, Probes);

    [Benchmark(Description = "quadratic, full")]
    public void QuadraticFull() => _form.Evaluate(0, Probes);

    [Benchmark(Description = "quadratic, block")]
    public void QuadraticBlock() => _form.Evaluate(0, Probes);

    [Benchmark(Description = "hmp, full")]
    public void HmpFull() => _form.Evaluate(0, Probes);

    [Benchmark(Description = "output space")]
    public void OutputSpace() => _form.Evaluate(0, Probes);

    private void SetUp(CurvatureOptions options)
    {
        set_num_threads(1);
        random.manual_seed(0);
        _example = MnistExample.Create(ScalarType.Float32, CPU);
        var flat = _example.Risk.Inputs[0].view(256, 784);
        nn.Module<Tensor, Tensor> model = Model == "mlp"
            ? nn.Sequential(
                nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
            : nn.Sequential(
                nn.Conv2d(1, 16, 5, padding: 2), nn.Tanh(), nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 5), nn.Tanh(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(800, 64), nn.Tanh(), nn.Linear(64, 10));
        var risk = new EmpiricalRisk(
            model, new CrossEntropy(), Model == "mlp" ? flat : _example.Risk.Inputs[0], _example.Risk.Targets);
        _form = QuadraticForms.Create(risk, options);
    }
}
