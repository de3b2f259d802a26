using System.Text;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Layers;

/// <summary>
/// All pairs of every layer's arguments against PyTorch, through model.json and safetensors: output, loss, gradient, vᵀHv
/// and exact trace by every method that serves the layer; and what PyTorch refuses is refused.
/// </summary>
[Collection(LayerCasesGroup.Name)]
public sealed class LayerCasesTests(LayerCases cases)
{
    /// <summary>
    /// Sums of at most some thousand terms in float64, and a wrong term is off by 1e-3: relative to the sum of the
    /// magnitudes of what is compared with it, which may cancel in a single number.
    /// </summary>
    private const double Tolerance = 1e-10;

    private const int MostFailures = 12;

    /// <summary>A reason for which layer rules leave any layer to autodiff: its input or output has no dimension of samples.</summary>
    private const string NoSamples = "Samples are not independent";

    /// <summary>Further reasons of single layers, by what they say.</summary>
    private static readonly Dictionary<string, string[]> Fallbacks = new()
    {
        ["BatchNorm1d"] = ["with the batch's own statistics"],
        ["BatchNorm2d"] = ["with the batch's own statistics"],
        ["Conv1d"] = ["padded with mode", "on one side more than on the other", "first dimension for channels"],
        ["Conv2d"] = ["padded with mode", "on one side more than on the other", "first dimension for channels"],
        ["Residual"] = ["first dimension for channels"],
        ["Sequential"] = ["first dimension for channels"],
    };

    public static TheoryData<string> Kinds => [.. ModelDescription.KnownLayers];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_pair_of_arguments_gives_what_PyTorch_gives(string kind)
    {
        var reasons = new List<string>();
        ForEach(kind, "value", one => Compare(one, reasons));

        var allowed = Fallbacks.GetValueOrDefault(kind, []);
        Assert.DoesNotContain(reasons, reason => !allowed.Append(NoSamples).Any(reason.Contains));
        Assert.DoesNotContain(allowed, text => !reasons.Any(reason => reason.Contains(text, StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void What_PyTorch_refuses_or_we_do_not_serve_is_refused(string kind)
    {
        ForEach(kind, "refused", Refused);
        ForEach(kind, "unserved", Refused);
    }

    private void ForEach(string kind, string expected, Action<LayerCase> check)
    {
        var failures = new List<string>();
        var those = cases.Tables[kind].SelectMany(table => table.Cases).Where(one => one.Expected == expected).ToArray();
        foreach (var one in those)
        {
            using var scope = NewDisposeScope();
            try
            {
                check(one);
            }
            catch (Exception error)
            {
                failures.Add($"{one}: {error.GetType().Name} {error.Message.Split("Exception raised from")[0]}");
            }
        }

        Assert.True(
            failures.Count == 0,
            $"{failures.Count} of {those.Length} cases of {kind}:\n{string.Join('\n', failures.Take(MostFailures))}");
    }

    private void Compare(LayerCase one, List<string> reasons)
    {
        var (inputs, targets) = (cases.Array(one, "inputs"), cases.Array(one, "targets"));
        using var model = Built(one);
        using (var weights = cases.Arrays(one, "weights")) StateDict.Load(model, weights);
        if (inputs.shape[0] != targets.shape[0])
        {
            // Dimension 0 counts samples: a model that changes it has no risk.
            Assert.True(one.Mixes);
            Assert.Throws<CurvatureException>(() => new EmpiricalRisk(model, new MeanSquaredError(), inputs, targets));
            return;
        }

        var risk = new EmpiricalRisk(model, new MeanSquaredError(), inputs, targets);
        CompareModel(one, risk);
        using var arrays = cases.Arrays(one, "probe");
        using var probe = new GivenProbes(risk, arrays);
        using var picked = QuadraticForms.Create(risk);
        bool isRuled = picked.Method == CurvatureMethod.Quadratic;
        if (!isRuled) reasons.Add(picked.MethodReason);
        double[] forms = [.. one.Blocks.Select(block => block.Form)];
        double scale = forms.Append(one.Form).Sum(Math.Abs);
        var ggn = new List<double>();
        foreach (var method in Enum.GetValues<CurvatureMethod>())
        {
            if (method != CurvatureMethod.Autodiff && !isRuled) continue;
            var whole = Values(risk, probe, method, BlockStructure.Full, CurvatureMatrix.Hessian);
            Near.Absolute(one.Form, whole.Total(0), Tolerance * scale);
            var parts = Values(risk, probe, method, BlockStructure.Block, CurvatureMatrix.Hessian);
            for (int b = 0; b < forms.Length; b++) Near.Absolute(forms[b], parts.Values[b], Tolerance * scale);
            ggn.Add(Values(risk, probe, method, BlockStructure.Full, CurvatureMatrix.Ggn).Total(0));
        }

        // PyTorch has no GGN: the methods among themselves. It is a sum of squares, so nothing cancels.
        foreach (double value in ggn) Near.Relative(ggn[0], value, Tolerance);

        double traces = one.Blocks.Sum(block => Math.Abs(block.Trace));
        foreach (var (block, found) in one.Blocks.Zip(ExactTrace.Of(risk).Blocks))
            Near.Absolute(block.Trace, found.Trace, Tolerance * traces);
    }

    private void CompareModel(LayerCase one, EmpiricalRisk risk)
    {
        var expected = cases.Array(one, "outputs");
        var output = risk.ForwardModel();
        Assert.Equal(expected.shape, output.shape);
        Near.Relative(Dense.ToArray(expected), Dense.ToArray(output), Tolerance);
        Near.Relative(one.Loss, risk.Value(), Tolerance);
        var gradient = Autograd.Gradients([output.sum()], [.. risk.Blocks.Select(block => block.Parameter)]);
        Near.Relative(
            Dense.ToArray(cases.Array(one, "gradient")), Dense.ToArray(cat([.. gradient.Select(g => g.reshape(-1))])), Tolerance);
    }

    private void Refused(LayerCase one)
    {
        var inputs = cases.Array(one, "inputs");
        nn.Module<Tensor, Tensor> model;
        try
        {
            model = Built(one);
        }
        catch (CurvatureException)
        {
            return;
        }

        using (model)
        {
            var risk = new EmpiricalRisk(model, new AnyOutput(), inputs, zeros(inputs.shape[0]));
            Assert.ThrowsAny<CurvatureException>(() => risk.Value());
            foreach (CurvatureMethod? method in (CurvatureMethod?[])[null, .. Enum.GetValues<CurvatureMethod>()])
                Assert.ThrowsAny<CurvatureException>(() => QuadraticForms.Create(risk, new CurvatureOptions { Method = method }));
        }
    }

    private static ProbeValues Values(
        EmpiricalRisk risk, IProbeSource probe, CurvatureMethod method, BlockStructure structure, CurvatureMatrix matrix)
    {
        var options = new CurvatureOptions { Method = method, Structure = structure, Matrix = matrix };
        using var form = QuadraticForms.Create(risk, options, probes: probe);
        return form.Evaluate(0, 1);
    }

    /// <summary>The model, which must outlive the scope that it is made in.</summary>
    private static nn.Module<Tensor, Tensor> Built(LayerCase one)
    {
        using var scope = NewDisposeScope();
        var description = ModelDescription.Parse(Encoding.UTF8.GetBytes(one.Model.ToJsonString()), "model.json");
        return description.Build(ScalarType.Float64, CPU);
    }

    /// <summary>A loss that takes whatever a model gives, so that a refusal is the model's.</summary>
    private sealed class AnyOutput() : Loss(Reduction.Sum)
    {
        public override Tensor Value(Tensor output, Tensor target) => output.square().sum();

        public override LossCurvature Linearize(Tensor output, Tensor target)
        {
            using var scope = NewDisposeScope();
            return new DiagonalLossCurvature(full_like(output, 2));
        }
    }
}
