using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>
/// Targets that count for nothing, against PyTorch's ignore_index: in one piece and in ragged micro-batches, of which some
/// have no target that counts.
/// </summary>
[Collection(PyTorchSamplesGroup.Name)]
public sealed class IgnoredTargetsTests(PyTorchSamples files)
{
    private static readonly int[] Sizes = [1, 2, 3, 4, 100];

    public static readonly TheoryData<string, bool> Cases = new(
        from name in (string[])["classes", "classes and 255", "a class", "sum", "weights", "tokens", "pixels"]
        from described in (bool[])[true, false]
        select (name, described));

    [Theory, MemberData(nameof(Cases))]
    public void Loss_and_traces_are_PyTorchs_by_every_method(string name, bool described)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("ignored", name);
        using var model = expected.Model(described);
        using var samples = Dataset.Open(new DatasetFiles(expected.Data));
        samples.CheckFinite(ScalarType.Float64);

        foreach (int size in Sizes)
        {
            var risk = new MicroBatchedRisk(model, expected.Loss(), samples, size);
            risk.CheckSamples();
            risk.CheckDeterminism();
            Near.Relative(expected.Expected.GetProperty("loss").GetDouble(), risk.Value(), PyTorchCase.Tolerance);
            foreach (var options in described ? Ways : Ways.Where(way => way.Method == CurvatureMethod.Autodiff))
                Near.Relative(expected.Trace(options.Matrix), PyTorchCase.Exact(risk, options), PyTorchCase.Tolerance);
        }
    }

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Samples_of_which_none_counts_are_refused(Reduction reduction)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        var samples = new TensorSamples(ones(5, 2), full([5], 255, ScalarType.Int64));
        var risk = new MicroBatchedRisk(model, new CrossEntropy(reduction, ignoreIndex: 255), samples, 2);

        Rejected.Saying("Every target is ignored, so the mean loss is undefined.", risk.CheckSamples);
        if (reduction == Reduction.Sum) return;
        Rejected.Saying("Every target is ignored", () => risk.Value());
        Rejected.Saying("Every target is ignored", () => risk.With(0, first => { first.CheckDeterminism(); return 0; }));
    }

    /// <summary>The forms' blocks and methods are asked of the first micro-batch, even of one that counts for nothing.</summary>
    [Fact]
    public void A_first_micro_batch_that_does_not_count()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3, dtype: ScalarType.Float64);
        var inputs = arange(12, ScalarType.Float64).view(6, 2);
        var targets = tensor([-100L, -100, -100, 0, 1, 2]);
        var some = new MicroBatchedRisk(
            model, new CrossEntropy(), new TensorSamples(inputs.narrow(0, 3, 3), targets.narrow(0, 3, 3)), 3);
        var all = new MicroBatchedRisk(model, new CrossEntropy(), new TensorSamples(inputs, targets), 2);

        foreach (var options in Ways)
            Near.Relative(PyTorchCase.Exact(some, options), PyTorchCase.Exact(all, options), PyTorchCase.Tolerance);
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
