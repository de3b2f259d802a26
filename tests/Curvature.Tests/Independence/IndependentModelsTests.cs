using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using ActorHutch.Curvature.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Independence;

/// <summary>Models that treat each sample for itself are taken for that, in both precisions, whatever their size.</summary>
[Collection(PyTorchSamplesGroup.Name)]
public sealed class IndependentModelsTests(PyTorchSamples files)
{
    public static readonly TheoryData<string, ScalarType> Layers = new(
        from name in ModelCases.All.Keys
        from dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64]
        // TorchSharp does not convert a layer whose weight is another's.
        where name is not "tied weights" || dtype is ScalarType.Float64
        select (name, dtype));

    [Theory, MemberData(nameof(Layers))]
    public void Every_layer_that_has_a_rule(string name, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        foreach (string kind in LossCase.Kinds)
        {
            using var problem = (ModelCases.All[name] with { Samples = 11 }).With(LossCase.All[kind]);
            problem.Risk.Model.to(dtype);
            Tensor Converted(Tensor tensor) => tensor.is_floating_point() ? tensor.to(dtype) : tensor;
            var samples = new TensorSamples(problem.Risk.Inputs.Map(Converted), Converted(problem.Risk.Targets));

            Assert.Null(new MicroBatchedRisk(problem.Risk.Model, problem.Risk.Loss, samples, 4).Mixing);
        }
    }

    [Theory]
    [InlineData("normed", 1, 6, 7, 20)]
    [InlineData("batch first", 1, 6, 7, 20)]
    [InlineData("attention", 1, 6, 7, 20)]
    [InlineData("routed", 3, 6, 7, 20)]
    [InlineData("fixed size", 20)]
    public void Programs_have_PyTorchs_traces_in_micro_batches(string name, params int[] sizes)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("independent", name);
        using var model = expected.Model(described: false);
        using var samples = Dataset.Open(new DatasetFiles(expected.Data));
        foreach (int size in sizes)
        {
            var risk = new MicroBatchedRisk(model, expected.Loss(), samples, size);
            Assert.Null(risk.Mixing);
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
                Near.Relative(expected.Trace(matrix), PyTorchCase.Exact(risk, new CurvatureOptions { Matrix = matrix }), PyTorchCase.Tolerance);
        }
    }

    /// <summary>Two micro-batches of the only size that the program takes.</summary>
    [Fact]
    public void A_program_that_takes_one_number_of_samples()
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("independent", "fixed size");
        using var model = expected.Model(described: false);
        using var file = Dataset.Open(new DatasetFiles(expected.Data));
        var (inputs, targets) = file.Read(0, 20, ScalarType.Float64, CPU);
        var twice = new TensorSamples(cat([inputs[0], inputs[0]]), cat([targets, targets]));

        var risk = new MicroBatchedRisk(model, expected.Loss(), twice, 20);
        Near.Relative(expected.Trace(CurvatureMatrix.Hessian), PyTorchCase.Exact(risk, new CurvatureOptions()), PyTorchCase.Tolerance);
        Rejected.Saying("cannot be evaluated", () => QuadraticForms.Create(new MicroBatchedRisk(model, expected.Loss(), twice, 7)));
    }

    /// <summary>
    /// Large activations that cancel in the last layer, to all their digits: what is left of the outputs is rounding, and
    /// another number of samples gives others. The last assertion is that it does, so that the first one says something.
    /// </summary>
    [Theory]
    [InlineData(1e2)]
    [InlineData(1e4)]
    [InlineData(1e6)]
    public void Large_activations_that_cancel_in_single_precision(double size)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var numbers = new Numbers(3);
        using var body = nn.Sequential(nn.Linear(700, 600), nn.ReLU(), nn.Linear(600, 500), nn.Tanhshrink());
        using var last = nn.Linear(500, 3, hasBias: false);
        foreach (var parameter in body.parameters()) parameter.copy_(numbers.Normal(parameter.shape) * Math.Sqrt(size) / 25);
        var inputs = numbers.Normal(40, 700).to(ScalarType.Float32);
        var activations = body.call(inputs).to(ScalarType.Float64);
        var weights = numbers.Normal(3, 500);
        last.weight!.copy_(weights - weights.mm(linalg.pinv(activations)).mm(activations));
        using var model = nn.Sequential(body, last);
        var risk = new MicroBatchedRisk(model, new CrossEntropy(), new TensorSamples(inputs, numbers.Classes(3, 40)), 7);

        Assert.Null(risk.Mixing);
        double apart = Apart(model, inputs);
        Assert.True(apart > 1e-2, $"{apart}");
    }

    /// <summary>
    /// Whole-numbered inputs, which have no last bits to measure rounding by: an embedding of a thousand, which the next
    /// layer takes away. The last assertion is that another number of samples changes more than half of the digits.
    /// </summary>
    [Fact]
    public void Large_embeddings_that_cancel_in_single_precision()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var numbers = new Numbers(4);
        using var model = nn.Sequential(nn.Embedding(9, 300), nn.Flatten(), nn.Linear(1500, 600), nn.Linear(600, 3));
        foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape) / 30);
        foreach (var parameter in model.parameters().Take(1)) parameter.add_(full_like(parameter, 1e3));
        foreach (var parameter in model.parameters().Skip(1).Take(1)) parameter.sub_(parameter.mean([1], keepdim: true));
        var inputs = numbers.Classes(9, 40, 5);
        var risk = new MicroBatchedRisk(model, new CrossEntropy(), new TensorSamples(inputs, numbers.Classes(3, 40)), 7);

        Assert.Null(risk.Mixing);
        double apart = Apart(model, inputs);
        Assert.True(apart > 3.5e-4, $"{apart}");
    }

    [Fact]
    public void Outputs_that_are_not_finite_or_all_zero()
    {
        using var scope = NewDisposeScope();
        using var model = new Masked();
        var samples = new TensorSamples(linspace(-1, 1, 30).view(10, 3), zeros(10, ScalarType.Int64));
        using var zero = nn.Linear(3, 2);
        using (no_grad()) foreach (var parameter in zero.parameters()) parameter.zero_();

        Assert.Null(new MicroBatchedRisk(model, new CrossEntropy(), samples, 4).Mixing);
        Assert.Null(new MicroBatchedRisk(zero, new CrossEntropy(), samples, 4).Mixing);
    }

    /// <summary>How far some outputs of six move where the others are not there, beside the largest.</summary>
    private static double Apart(nn.Module<Tensor, Tensor> model, Tensor inputs)
    {
        var six = model.call(inputs.narrow(0, 0, 6));
        double apart = Enumerable.Range(1, 5).Max(count => (model.call(inputs.narrow(0, 0, count)) - six.narrow(0, 0, count)).abs().max().item<float>())
            / six.abs().max().item<float>();
        Assert.SkipWhen(apart == 0, "This processor's kernels round alike whatever the number of samples.");
        return apart;
    }

    /// <summary>A class that no sample may have: its score is −∞, and the loss is finite.</summary>
    private sealed class Masked : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _layer = nn.Linear(3, 2);

        public Masked() : base(nameof(Masked)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            cat([_layer.call(input), full([input.shape[0], 1], float.NegativeInfinity)], 1);
    }
}
