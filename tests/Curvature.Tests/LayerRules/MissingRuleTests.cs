using System.Text.RegularExpressions;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.LayerRules;

/// <summary>Layers, losses and ways of sharing that have no rule: the message says so, and what to do.</summary>
public sealed class MissingRuleTests
{
    public static TheoryData<CurvatureMethod> Ruled => new() { CurvatureMethod.Hmp, CurvatureMethod.Quadratic };

    [Theory, MemberData(nameof(Ruled))]
    public void A_layer_without_a_rule_is_named_with_its_place_and_the_way_out(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var problem = Unknown();

        var error = Assert.Throws<NoLayerRuleException>(
            () => QuadraticForms.Create(problem.Risk, new CurvatureOptions { Method = method }));

        Assert.Contains("Layer 1.0 is a Softmax", error.Message, StringComparison.Ordinal);
        Assert.Contains("CurvatureMethod.Autodiff", error.Message, StringComparison.Ordinal);
        Assert.Contains("OperationTable.With", error.Message, StringComparison.Ordinal);
        Assert.Contains("Linear", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_method_autodiff_steps_in_and_says_why()
    {
        using var scope = NewDisposeScope();
        using var problem = Unknown();
        using var auto = QuadraticForms.Create(problem.Risk);
        using var autodiff = Rejected.Form(problem.Risk, CurvatureMethod.Autodiff);

        Assert.Equal(CurvatureMethod.Autodiff, auto.Method);
        Assert.Contains("Layer 1.0 is a Softmax", auto.MethodReason, StringComparison.Ordinal);
        Assert.Equal(autodiff.Evaluate(0, 4).Values.ToArray(), auto.Evaluate(0, 4).Values.ToArray());
    }

    [Fact]
    public void With_rules_for_all_layers_quadratic_is_picked()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        using var form = QuadraticForms.Create(problem.Risk);

        Assert.Equal(CurvatureMethod.Quadratic, form.Method);
        Assert.Equal("every layer and the loss have a rule", form.MethodReason);
    }

    [Fact]
    public void The_exact_trace_of_a_model_without_rules_takes_parameter_space()
    {
        using var scope = NewDisposeScope();
        using var problem = Unknown();
        double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian).diagonal());

        Near.Absolute(
            diagonal.Sum(), Curvature.Estimation.ExactTrace.Of(problem.Risk).Trace, 1e-12 * diagonal.Sum(Math.Abs));
    }

    [Fact]
    public void A_loss_without_a_second_derivative_leaves_autodiff()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem(nn.Linear(3, 2), new Quartic(), ones(4, 3), ones(4, 2));
        using var auto = QuadraticForms.Create(problem.Risk);

        Assert.Equal(CurvatureMethod.Autodiff, auto.Method);
        Assert.Contains("Quartic", auto.MethodReason, StringComparison.Ordinal);
        Rejected.Saying("Quartic", () => Rejected.Form(problem.Risk, CurvatureMethod.Quadratic));
    }

    [Fact]
    public void Output_space_has_no_products_and_says_what_serves_the_model()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        foreach (var method in new[] { CurvatureMethod.Autodiff, CurvatureMethod.Hmp })
        {
            var options = new CurvatureOptions { Method = method };
            Rejected.Saying("CurvatureMethod.Quadratic", () => OutputSpace(problem.Risk, options));
        }

        Rejected.Saying("parameter space only", () => QuadraticForms.Create(
            problem.Risk, new CurvatureOptions { ProbeSpace = ProbeSpace.Output }, probes: new PhiloxProbes(0)));
    }

    [Fact]
    public void Output_space_has_no_place_for_a_layer_without_a_rule()
    {
        using var scope = NewDisposeScope();
        using var problem = Unknown();
        Rejected.Saying("Layer 1.0 is a Softmax", () => OutputSpace(problem.Risk, new CurvatureOptions()));
    }

    /// <summary>Whatever is refused, what the message names is not: both where it names two things.</summary>
    [Theory]
    [InlineData("Softmax")]
    [InlineData("tied weights")]
    [InlineData("probabilities")]
    [InlineData("tanh")]
    public void What_a_refusal_recommends_is_accepted(string name)
    {
        using var scope = NewDisposeScope();
        using var problem = name switch
        {
            "Softmax" => Unknown(),
            "probabilities" => new Problem(
                Problem.Prepared(nn.Linear(3, 2), new Numbers(1)), new CrossEntropy(), new Numbers(2).Normal(4, 3),
                new Numbers(3).Normal(4, 2).softmax(1)),
            _ => ModelCases.All[name].With(LossCase.All["cross-entropy, mean"]),
        };
        int refused = 0;
        foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            foreach (var structure in Enum.GetValues<BlockStructure>())
                foreach (var space in Enum.GetValues<ProbeSpace>())
                    foreach (CurvatureMethod? method in (CurvatureMethod?[])[null, .. Enum.GetValues<CurvatureMethod>()])
                    {
                        var options = new CurvatureOptions { Matrix = matrix, Structure = structure, ProbeSpace = space, Method = method };
                        try
                        {
                            QuadraticForms.Create(problem.Risk, options).Dispose();
                        }
                        catch (CurvatureException error)
                        {
                            refused++;
                            foreach (var way in Ways(error.Message, options)) QuadraticForms.Create(problem.Risk, way).Dispose();
                        }
                    }

        Assert.True(refused > 0);
    }

    /// <summary>What a message says after «Use»: alternatives, each of one thing or several.</summary>
    private static IEnumerable<CurvatureOptions> Ways(string message, CurvatureOptions refused)
    {
        string way = Regex.Replace(message[message.IndexOf("Use ", StringComparison.Ordinal)..], @"\([^)]*\)", "").Split(". ")[0];
        foreach (string alternative in way.Split(", or "))
        {
            var other = refused;
            if (alternative.Contains("CurvatureMethod.Autodiff", StringComparison.Ordinal)) other = other with { Method = CurvatureMethod.Autodiff };
            if (alternative.Contains("CurvatureMethod.Quadratic", StringComparison.Ordinal)) other = other with { Method = CurvatureMethod.Quadratic };
            if (alternative.Contains("BlockStructure.Block", StringComparison.Ordinal)) other = other with { Structure = BlockStructure.Block };
            if (alternative.Contains("ProbeSpace.Parameter", StringComparison.Ordinal)) other = other with { ProbeSpace = ProbeSpace.Parameter };
            Assert.NotEqual(refused, other);
            yield return other;
        }
    }

    /// <summary>PyTorch pads the axes in another order, and so does a description; this is a module of TorchSharp's own.</summary>
    [Fact]
    public void A_convolution_that_TorchSharp_pads_has_no_rule() => LeftToAutodiff(
        () => nn.Sequential(nn.Conv2d(1, 3, (3, 1), Padding.Same, padding_mode: PaddingModes.Circular), nn.Tanh()),
        "Layer 0 (Conv2d) is padded with mode Circular");

    [Fact]
    public void A_layer_with_a_hook_has_no_rule() => LeftToAutodiff(
        () =>
        {
            var layer = nn.Conv2d(1, 2, 2);
            layer.register_forward_hook((_, _, output) => output * output);
            return nn.Sequential(layer, nn.Tanh());
        },
        "Layer 0 (Conv2d) has hooks");

    [Fact]
    public void A_chain_with_a_forward_of_its_own_has_no_rule() => LeftToAutodiff(
        () => new Squared(nn.Conv2d(1, 2, 2)), "The model itself is a Squared, for which there is no layer rule");

    private static void LeftToAutodiff(Func<nn.Module<Tensor, Tensor>> make, string reason)
    {
        using var scope = NewDisposeScope();
        using var problem = new ModelCase(make, [1, 4, 3]).With(LossCase.All["squared error, sum"]);
        Rejected.Saying(reason, () => Rejected.Form(problem.Risk, CurvatureMethod.Quadratic));
        Rejected.Saying(reason, () => Rejected.Form(problem.Risk, CurvatureMethod.Hmp));
        using var picked = QuadraticForms.Create(problem.Risk);
        Assert.Equal(CurvatureMethod.Autodiff, picked.Method);
        Assert.StartsWith(reason, picked.MethodReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_transposed_convolution_has_no_rule()
    {
        using var scope = NewDisposeScope();
        using var problem = new Problem(
            nn.Sequential(nn.ConvTranspose2d(1, 2, 2)), new MeanSquaredError(), ones(2, 1, 2, 2), ones(2, 2, 3, 3));
        Rejected.Saying(
            "Layer 0 is a ConvTranspose2d", () => Rejected.Form(problem.Risk, CurvatureMethod.Quadratic));
    }

    private static Problem Unknown() => new ModelCase(
        () => nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.Softmax(1), nn.Linear(3, 2))), [4])
        .With(LossCase.All["cross-entropy, mean"]);

    private static void OutputSpace(EmpiricalRisk risk, CurvatureOptions options) =>
        QuadraticForms.Create(risk, options with { ProbeSpace = ProbeSpace.Output }).Dispose();

    private sealed class Squared(nn.Module<Tensor, Tensor> layer) : TorchSharp.Modules.Sequential(layer)
    {
        public override Tensor forward(Tensor input) => base.forward(input).square();
    }

    private sealed class Quartic() : Loss(Reduction.Sum)
    {
        public override Tensor Value(Tensor output, Tensor target) => (output - target).Squared().Squared().sum();
    }
}
