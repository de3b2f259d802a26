using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;
using Reduction = ActorHutch.Curvature.Losses.Reduction;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>What loss_cases.py writes, one run of it for all.</summary>
public sealed class LossFiles : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-losses-");

    public LossFiles() => PythonWithTorch.Runs(Path.Combine("Curvature.Tests", "Losses", "loss_cases.py"), _folder.FullName);

    public string Folder => _folder.FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>
/// Every loss against PyTorch's of its name: value, traces of Hessian and GGN, and vᵀHv of the full Hessian, by every method, in one
/// piece and in ragged micro-batches, of which some have no target that counts.
/// </summary>
public sealed class PyTorchLossTests(LossFiles files) : IClassFixture<LossFiles>
{
    /// <summary>Some hundred terms in another order, 1e-16 each, and what cancels in a trace.</summary>
    private const double Tolerance = 1e-10;

    private static readonly double[] Weights = [0.5, 1.5, 0.2];

    private static readonly Dictionary<string, (Func<Loss> Make, string Said)> Losses = new()
    {
        ["cross-entropy"] = (() => new CrossEntropy(), ""),
        ["cross-entropy, all"] = (() => new CrossEntropy(Reduction.Mean, Weights, 0.2), "class-weights 0.5,1.5,0.2, label-smoothing 0.2"),
        ["cross-entropy, all, sum"] = (
            () => new CrossEntropy(Reduction.Sum, Weights, 0.2), "class-weights 0.5,1.5,0.2, label-smoothing 0.2, reduction sum"),
        ["cross-entropy, pixels"] = (() => new CrossEntropy(Reduction.Mean, Weights, 0.2), "class-weights 0.5,1.5,0.2, label-smoothing 0.2"),
        ["cross-entropy, tokens"] = (
            () => new CrossEntropy(Reduction.Mean, Weights, 0.2, classDimension: -1),
            "class-dimension -1, class-weights 0.5,1.5,0.2, label-smoothing 0.2"),
        ["cross-entropy, tokens, batch-mean"] = (
            () => new CrossEntropy(Reduction.BatchMean, Weights, 0.2, classDimension: -1),
            "class-dimension -1, class-weights 0.5,1.5,0.2, label-smoothing 0.2, reduction batch-mean"),
        ["cross-entropy, rows"] = (() => new CrossEntropy(Reduction.Mean, Weights, 0.2), "class-weights 0.5,1.5,0.2, label-smoothing 0.2"),
        ["cross-entropy, rows of tokens"] = (
            () => new CrossEntropy(Reduction.Mean, Weights, 0.2, classDimension: 2),
            "class-dimension 2, class-weights 0.5,1.5,0.2, label-smoothing 0.2"),
        ["nll"] = (() => new NegativeLogLikelihood(), ""),
        ["nll, tokens"] = (
            () => new NegativeLogLikelihood(Reduction.Mean, Weights, classDimension: -1), "class-dimension -1, class-weights 0.5,1.5,0.2"),
        ["mse, batch-mean"] = (() => new MeanSquaredError(Reduction.BatchMean), "reduction batch-mean"),
        ["l1"] = (() => new AbsoluteError(), ""),
        ["smooth-l1"] = (() => new SmoothAbsoluteError(beta: 0.7), "beta 0.7"),
        ["huber"] = (() => new HuberLoss(Reduction.Sum, 1.3), "delta 1.3, reduction sum"),
        ["bce"] = (() => new BinaryCrossEntropyWithLogits(), ""),
        ["bce, a weight"] = (() => new BinaryCrossEntropyWithLogits(posWeight: [2.5]), "pos-weight 2.5"),
        ["bce, weights"] = (() => new BinaryCrossEntropyWithLogits(posWeight: Weights), "class-dimension -1, pos-weight 0.5,1.5,0.2"),
        ["bce, tokens"] = (
            () => new BinaryCrossEntropyWithLogits(posWeight: Weights, classDimension: -1), "class-dimension -1, pos-weight 0.5,1.5,0.2"),
        ["bce, pixels"] = (() => new BinaryCrossEntropyWithLogits(posWeight: Weights), "class-dimension -3, pos-weight 0.5,1.5,0.2"),
        ["bce-of-probabilities"] = (() => new BinaryCrossEntropy(), ""),
        ["kl-div"] = (() => new KullbackLeiblerDivergence(), ""),
        ["kl-div, batch-mean"] = (() => new KullbackLeiblerDivergence(Reduction.BatchMean), "reduction batch-mean"),
        ["kl-div, logarithms"] = (() => new KullbackLeiblerDivergence(Reduction.Sum, logTarget: true), "log-target true, reduction sum"),
    };

    public static readonly TheoryData<string> Names = [.. Losses.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Value_traces_and_forms_are_PyTorchs_by_every_method(string name)
    {
        PythonWithTorch.SkipUnlessFound();
        using var scope = NewDisposeScope();
        string folder = Path.Combine(files.Folder, name);
        var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json"))).RootElement;
        var check = CurvatureCheck.Load(Path.Combine(folder, "check.json"));
        using var probe = ArrayFiles.Open(Path.Combine(folder, "check.safetensors"));
        using var model = ModelDescription.Load(Path.Combine(folder, "model.json")).Build(ScalarType.Float64, CPU);
        using var weights = ArrayFiles.Open(Path.Combine(folder, "weights.safetensors"));
        StateDict.Load(model, weights);
        using var samples = Dataset.Open(new DatasetFiles(Path.Combine(folder, "data.safetensors")));
        var loss = Losses[name].Make();
        // A graph's linear layer has the positions of all samples in its rows, where output space does not draw.
        bool foldsPositions = name is "nll, tokens" or "kl-div, logarithms";
        double scale = Math.Max(Math.Abs(Number("hessian")), Math.Abs(Number("ggn")));

        foreach (int size in (int[])[1, 2, 3, 100])
        {
            var risk = new MicroBatchedRisk(model, loss, samples, size);
            risk.CheckSamples();
            risk.CheckDeterminism();
            Near.Relative(Number("loss"), risk.Value(), Tolerance);
            foreach (var options in Ways.Where(way => way.ProbeSpace == ProbeSpace.Parameter || !foldsPositions))
                Near.Absolute(Number(options.Matrix == CurvatureMatrix.Ggn ? "ggn" : "hessian"), PyTorchCase.Exact(risk, options), Tolerance * scale);

            foreach (var method in Enum.GetValues<CurvatureMethod>())
                Assert.InRange(CurvatureCheck.Of(risk, probe, method).DifferenceFrom(check).Largest, 0, Tolerance);
        }

        double Number(string field) => expected.GetProperty(field).GetDouble();
    }

    [Theory, MemberData(nameof(Names))]
    public void The_exporter_writes_the_loss_with_what_it_was_made_with(string name)
    {
        PythonWithTorch.SkipUnlessFound();
        using var samples = Dataset.Open(new DatasetFiles(Path.Combine(files.Folder, name, "data.safetensors")));

        Assert.Equal(name.Split(',')[0], samples.NamedLoss);
        Assert.Equal(Losses[name].Said, string.Join(", ", samples.NamedLossArguments.OrderBy(said => said.Key, StringComparer.Ordinal).Select(said => $"{said.Key} {said.Value}")));
    }

    private static IEnumerable<CurvatureOptions> Ways =>
        from matrix in Enum.GetValues<CurvatureMatrix>()
        from way in new CurvatureOptions[]
        {
            new() { Method = CurvatureMethod.Autodiff }, new() { Method = CurvatureMethod.Hmp },
            new() { Method = CurvatureMethod.Quadratic }, new() { ProbeSpace = ProbeSpace.Output },
        }
        select way with { Matrix = matrix };
}
