using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Independence;

/// <summary>
/// Models that mix samples: the whole batch in one piece has PyTorch's traces, and whatever would give another number is
/// refused.
/// </summary>
[Collection(PyTorchSamplesGroup.Name)]
public sealed class MixingModelsTests(PyTorchSamples files)
{
    private const string OtherSamples = "the model's output for a sample depends on the other samples of the batch";

    public static readonly TheoryData<string, bool, string> Cases = new()
    {
        { "batch statistics", true, $"{OtherSamples}, since layer 1 (BatchNorm1d) normalises with the batch's own statistics" },
        { "batch statistics", false, $"{OtherSamples}, since layer 1 (BatchNorm1d) normalises with the batch's own statistics" },
        { "batch statistics of images", true, $"{OtherSamples}, since layer 1 (BatchNorm2d) normalises with the batch's own statistics" },
        { "batch statistics of images", false, $"{OtherSamples}, since layer 1 (BatchNorm2d) normalises with the batch's own statistics" },
        { "training mode", false, OtherSamples },
        { "sequence first", false, OtherSamples },
        { "attention", false, OtherSamples },
        { "attention across samples", false, OtherSamples },
        { "groups", false, OtherSamples },
        { "positions", false, "the model's output for a sample depends on the sample's place in the batch" },
        { "counted", false, "the model's output for a sample depends on how many samples the batch has" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void In_one_piece_autodiff_has_PyTorchs_traces(string name, bool described, string mixing)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("mixing", name);
        using var model = expected.Model(described);
        using var samples = Dataset.Open(new DatasetFiles(expected.Data));
        var risk = new MicroBatchedRisk(model, expected.Loss(), samples, long.MaxValue);

        Assert.Equal($"Samples are not independent: {mixing}", risk.Mixing);
        Near.Relative(expected.Expected.GetProperty("loss").GetDouble(), risk.Value(), PyTorchCase.Tolerance);
        foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
        {
            foreach (var method in (CurvatureMethod?[])[null, CurvatureMethod.Autodiff])
            {
                foreach (var structure in Enum.GetValues<BlockStructure>())
                {
                    var options = new CurvatureOptions { Matrix = matrix, Method = method, Structure = structure };
                    using var form = QuadraticForms.Create(risk, options);
                    Assert.Equal(CurvatureMethod.Autodiff, form.Method);
                    Near.Relative(expected.Trace(matrix), PyTorchCase.Exact(risk, options), PyTorchCase.Tolerance);
                }
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Micro_batches_are_refused_with_the_cause_and_the_way_out(string name, bool described, string mixing)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("mixing", name);
        using var model = expected.Model(described);
        using var samples = Dataset.Open(new DatasetFiles(expected.Data));
        // Groups of four are of no use in another number.
        long[] sizes = name is "groups" ? [4, 8, 16] : [1, 7, samples.SampleCount - 1];
        foreach (long size in sizes)
        {
            var risk = new MicroBatchedRisk(model, expected.Loss(), samples, size);
            foreach (var options in (CurvatureOptions[])[new(), new() { Method = CurvatureMethod.Autodiff }, new() { ProbeSpace = ProbeSpace.Output }])
            {
                Rejected.Saying($"Samples are not independent: {mixing}. The sum over", () => QuadraticForms.Create(risk, options));
                Rejected.Saying("use microBatch all", () => QuadraticForms.Create(risk, options));
            }

            Rejected.Saying("Samples are not independent: ", risk.CheckDeterminism);
            // In PyTorch one sample has no statistics, which is what is found first.
            if (size == 1 && name is "batch statistics" && !described)
                Rejected.Saying("Samples are not independent: ", risk.CheckSamples);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Methods_that_take_samples_one_by_one_are_refused(string name, bool described, string mixing)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("mixing", name);
        using var model = expected.Model(described);
        using var samples = Dataset.Open(new DatasetFiles(expected.Data));
        var pieces = new MicroBatchedRisk(model, expected.Loss(), samples, samples.SampleCount);
        var (inputs, targets) = samples.Read(0, samples.SampleCount, ScalarType.Float64, CPU);
        var whole = new EmpiricalRisk(model, expected.Loss(), inputs, targets);
        Assert.StartsWith("the model's", mixing, StringComparison.Ordinal);

        foreach (var options in (CurvatureOptions[])
            [new() { Method = CurvatureMethod.Hmp }, new() { Method = CurvatureMethod.Quadratic }, new() { ProbeSpace = ProbeSpace.Output }])
        {
            Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(pieces, options));
            Assert.Throws<NoLayerRuleException>(() => QuadraticForms.Create(whole, options));
        }

        Near.Relative(expected.Trace(CurvatureMatrix.Hessian), ExactTrace.Of(whole).Trace, PyTorchCase.Tolerance);
    }

    /// <summary>TorchSharp's own layers, and a loss that mixes.</summary>
    [Fact]
    public void Models_of_ones_own()
    {
        using var scope = NewDisposeScope();
        using var training = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2));
        using var untracked = nn.Sequential(("in", nn.Linear(3, 4)), ("norm", nn.BatchNorm1d(4, track_running_stats: false)), ("out", nn.Linear(4, 2)));
        untracked.eval();
        using var plain = nn.Linear(3, 2);
        using var centred = new Centred();

        Assert.EndsWith("since layer 1 (BatchNorm1d) normalises with the batch's own statistics", Mixing(training)!, StringComparison.Ordinal);
        Assert.EndsWith("since layer norm (BatchNorm1d) normalises with the batch's own statistics", Mixing(untracked)!, StringComparison.Ordinal);
        Assert.Equal($"Samples are not independent: {OtherSamples}", Mixing(centred));
        Assert.Null(Mixing(plain));
        Assert.Equal(
            "Samples are not independent: the loss Spread of a batch is not that of its parts together", Mixing(plain, new Spread()));
        // In training mode nobody means it.
        Rejected.Saying("call model.eval() first", () => QuadraticForms.Create(Risk(training, new CrossEntropy())));
    }

    /// <summary>A rule of one's own for a layer that mixes, which says that it treats each number for itself.</summary>
    [Fact]
    public void A_layer_rule_that_knows_nothing_of_other_samples_is_not_believed()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(new Centred(), nn.Linear(2, 2));
        var rules = OperationTable.Default.WithElementwise<Centred>();
        using var inputs = linspace(-1, 2, 15).view(5, 3).square();
        using var targets = zeros(5, ScalarType.Int64);
        var risk = new EmpiricalRisk(model, new CrossEntropy(), inputs, targets);
        using var auto = QuadraticForms.Create(risk, table: rules);
        using var autodiff = QuadraticForms.Create(risk, new CurvatureOptions { Method = CurvatureMethod.Autodiff });

        Assert.Equal(CurvatureMethod.Autodiff, auto.Method);
        Assert.Equal($"Samples are not independent: {OtherSamples}", auto.MethodReason);
        Assert.Equal(autodiff.Evaluate(0, 2).Values.ToArray(), auto.Evaluate(0, 2).Values.ToArray());
        foreach (var options in (CurvatureOptions[])[new() { Method = CurvatureMethod.Hmp }, new() { Method = CurvatureMethod.Quadratic }])
            Rejected.Saying($"{OtherSamples}. Use CurvatureMethod.Autodiff. Layer rules, output space and prediction space take samples one by one.", () => QuadraticForms.Create(risk, options, rules));
    }

    [Fact]
    public void Targets_that_do_not_fit_are_not_said_to_mix()
    {
        using var scope = NewDisposeScope();
        using var plain = nn.Linear(3, 2);
        var risk = new MicroBatchedRisk(plain, new CrossEntropy(), new TensorSamples(ones(20, 3), ones(20)), 7);
        Rejected.Saying("for a cross-entropy the targets must be class numbers", () => QuadraticForms.Create(risk));
    }

    [Fact]
    public void A_single_sample_is_alone()
    {
        using var scope = NewDisposeScope();
        using var centred = new Centred();
        var samples = new TensorSamples(ones(1, 3), zeros(1, ScalarType.Int64));
        Assert.Null(new MicroBatchedRisk(centred, new CrossEntropy(), samples, 1).Mixing);
    }

    [Fact]
    public void What_is_random_is_not_said_to_mix()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5));
        Rejected.Saying("call model.eval() first", () => Mixing(model)!);
    }

    private static string? Mixing(nn.Module<Tensor, Tensor> model, Loss? loss = null) => Risk(model, loss ?? new CrossEntropy()).Mixing;

    private static MicroBatchedRisk Risk(nn.Module<Tensor, Tensor> model, Loss loss)
    {
        var inputs = linspace(-1, 2, 60).view(20, 3).square();
        return new MicroBatchedRisk(model, loss, new TensorSamples(inputs, zeros(20, ScalarType.Int64)), 20);
    }

    private sealed class Centred : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer = nn.Linear(3, 2);

        public Centred() : base(nameof(Centred)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            var output = _layer.call(input);
            return output - output.mean([0], keepdim: true);
        }
    }

    /// <summary>The variance of the outputs over the batch.</summary>
    private sealed class Spread() : Loss(Reduction.Mean)
    {
        public override Tensor Value(Tensor output, Tensor target) => output.var();
    }
}
