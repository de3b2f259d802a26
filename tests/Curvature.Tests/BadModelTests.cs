using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>
/// What can be wrong with a model or a loss ends in a CurvatureException that says what and where. libtorch would
/// end the whole process for some of it, and this test run with it.
/// </summary>
public sealed class BadModelTests
{
    private static readonly CurvatureMethod[] Methods = Enum.GetValues<CurvatureMethod>();

    [Fact]
    public void A_model_without_trainable_parameters()
    {
        using var scope = NewDisposeScope();
        var frozen = nn.Linear(2, 3);
        foreach (var parameter in frozen.parameters()) parameter.requires_grad_(false);
        foreach (var model in new nn.Module<Tensor, Tensor>[] { frozen, nn.Tanh() })
            Rejected.Saying("no trainable parameter", () => Rejected.Risk(model));
    }

    [Theory, InlineData(ScalarType.Float16), InlineData(ScalarType.BFloat16), InlineData(ScalarType.ComplexFloat64)]
    public void Parameters_of_a_number_type_that_probes_do_not_have(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var model = nn.Linear(2, 3, dtype: dtype);
        Rejected.Saying($"Parameter weight is {dtype}", () => Rejected.Risk(model, ones([4, 2], dtype)));
    }

    [Fact]
    public void A_loss_that_is_not_a_single_number()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new Unreduced(), ones(4, 2), ones(4, 3));
        Rejected.Saying("must be a single number", () => risk.Value());
        foreach (var method in Methods) Rejected.Saying("must be a single number", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void Dropout_in_training_mode()
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Sequential(nn.Linear(20, 50), nn.Dropout(), nn.Linear(50, 3)), ones(4, 20));
        Rejected.Saying("call model.eval() first", () => risk.CheckDeterminism());
        Rejected.Saying("Layer 1 (Dropout) is in training mode", () => Rejected.Form(risk, CurvatureMethod.Quadratic));

        risk.Model.eval();
        risk.CheckDeterminism();
    }

    [Fact]
    public void Batch_normalisation_in_training_mode()
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)));
        Rejected.Saying("Layer 1 (BatchNorm1d)", () => Rejected.Form(risk, CurvatureMethod.Quadratic));
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void A_weight_that_is_not_finite(float value)
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 3)));
        using (no_grad()) risk.Blocks[2].Parameter.fill_(value);
        Rejected.Saying("NaN or infinity in the weights", () => risk.CheckDeterminism());
        foreach (var method in Methods)
        {
            using var form = Rejected.Form(risk, method);
            Rejected.Saying("The quadratic form of probe 3, block 0.weight is NaN", () => form.Evaluate(3, 2));
        }
    }

    [Fact]
    public void A_function_that_libtorch_differentiates_only_once()
    {
        using var scope = NewDisposeScope();
        var model = new Calling("Distances", nn.Linear(2, 3), x => cdist(x, zeros(3, 3)));
        var risk = Rejected.Risk(model);
        Rejected.Saying("libtorch cannot differentiate the loss", () =>
        {
            using var form = Rejected.Form(risk, CurvatureMethod.Autodiff);
            form.Evaluate(0, 1);
        });
    }

    [Fact]
    public void A_parameter_that_the_loss_does_not_depend_on_has_no_curvature()
    {
        using var scope = NewDisposeScope();
        var model = new Calling("Cut", nn.Linear(2, 3), x => x.detach());
        var risk = Rejected.Risk(model);
        foreach (var structure in Enum.GetValues<BlockStructure>())
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                using var form = QuadraticForms.Create(risk, new CurvatureOptions
                {
                    Method = CurvatureMethod.Autodiff,
                    Structure = structure,
                    Matrix = matrix,
                });
                Assert.All(form.Evaluate(0, 3).Values.ToArray(), value => Assert.Equal(0, value));
            }
        }
    }

    /// <summary>A squared error that nobody has summed.</summary>
    private sealed class Unreduced() : Loss(Reduction.Sum)
    {
        public override Tensor Value(Tensor output, Tensor target) => (output - target).square();
    }

    /// <summary>A layer and a function behind it.</summary>
    private sealed class Calling : nn.Module<Tensor, Tensor>
    {
        private readonly Linear _layer;
        private readonly Func<Tensor, Tensor> _function;

        public Calling(string name, Linear layer, Func<Tensor, Tensor> function) : base(name)
        {
            (_layer, _function) = (layer, function);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _function(_layer.call(input));
    }
}
