using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using BenchmarkDotNet.Attributes;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// BackPACK's example, 1,000 probes in single precision. The baseline is the product V·X of all probes of the first
/// layer with the batch: no estimator whose probes are shared by the samples can do with less.
/// </summary>
public class ExampleBenchmarks
{
    private const int Probes = 1000;
    private const int BareStack = 20;

    private MnistExample _example = null!;
    private Tensor _signs = null!;
    private Tensor _inputs = null!;
    private IQuadraticForm _form = null!;
    private IQuadraticForm _output = null!;
    private IQuadraticForm _basis = null!;

    [Params(10, 20)]
    public int VBatch { get; set; }

    [GlobalSetup(Targets = [nameof(BareProduct)])]
    public void SetUpBare()
    {
        SetUpExample();
        _signs = (rand(BareStack * 20, 784) < 0.5).to(ScalarType.Float32).mul_(2).sub_(1);
        _inputs = _example.Risk.Inputs[0].view(256, 784).t().contiguous();
    }

    [GlobalSetup(Targets = [nameof(Quadratic)])]
    public void SetUpQuadratic() => SetUp(new CurvatureOptions { Method = CurvatureMethod.Quadratic });

    [GlobalSetup(Targets = [nameof(QuadraticFull)])]
    public void SetUpQuadraticFull() =>
        SetUp(new CurvatureOptions { Method = CurvatureMethod.Quadratic, Structure = BlockStructure.Full });

    [GlobalSetup(Targets = [nameof(Hmp)])]
    public void SetUpHmp() => SetUp(new CurvatureOptions { Method = CurvatureMethod.Hmp });

    [GlobalSetup(Targets = [nameof(OutputSpace), nameof(ExactTrace)])]
    public void SetUpOutput()
    {
        SetUpExample();
        _output = QuadraticForms.Create(_example.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output });
        _basis = QuadraticForms.Create(_example.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output, Distribution = ProbeDistribution.Basis });
    }

    [Benchmark(Baseline = true, Description = "V·X")]
    public void BareProduct()
    {
        using var noGrad = no_grad();
        for (int done = 0; done < Probes; done += BareStack) _signs.mm(_inputs).Dispose();
    }

    [Benchmark(Description = "quadratic, block")]
    public void Quadratic() => Evaluate(_form, Probes);

    [Benchmark(Description = "quadratic, full")]
    public void QuadraticFull() => Evaluate(_form, Probes);

    [Benchmark(Description = "hmp, block")]
    public void Hmp() => Evaluate(_form, Probes);

    [Benchmark(Description = "output space")]
    public void OutputSpace() => Evaluate(_output, Probes);

    [Benchmark(Description = "exact trace, 30 lanes")]
    public void ExactTrace() => _basis.Evaluate(0, (int)_basis.BasisCount);

    private void Evaluate(IQuadraticForm form, int probes)
    {
        for (int done = 0; done < probes; done += VBatch) form.Evaluate(done, Math.Min(VBatch, probes - done));
    }

    private void SetUp(CurvatureOptions options)
    {
        SetUpExample();
        _form = QuadraticForms.Create(_example.Risk, options);
    }

    private void SetUpExample()
    {
        set_num_threads(1);
        _example = MnistExample.Create(ScalarType.Float32, CPU);
    }
}
