using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>
/// What can be wrong with a model, a batch or a choice of options ends in a CurvatureException that says what and
/// where. libtorch would end the whole process for some of it, and this test run with it.
/// </summary>
public sealed class BadInputTests
{
    private static readonly CurvatureMethod[] Methods = Enum.GetValues<CurvatureMethod>();

    [Fact]
    public void A_model_without_trainable_parameters()
    {
        using var scope = NewDisposeScope();
        var frozen = nn.Linear(2, 3);
        foreach (var parameter in frozen.parameters()) parameter.requires_grad_(false);
        foreach (var model in new nn.Module<Tensor, Tensor>[] { frozen, nn.Tanh() })
            Says("no trainable parameter", () => new EmpiricalRisk(model, new CrossEntropy(), ones(4, 2), zeros(4, ScalarType.Int64)));
    }

    [Fact]
    public void An_empty_batch()
    {
        using var scope = NewDisposeScope();
        Says("batch is empty", () => Risk(nn.Linear(2, 3), zeros(0, 2), zeros(0, ScalarType.Int64)));
        Says("batch is empty", () => Risk(nn.Linear(2, 3), tensor(1f), zeros(1, ScalarType.Int64)));
    }

    [Fact]
    public void Another_number_of_targets_than_of_inputs()
    {
        using var scope = NewDisposeScope();
        Says("4 inputs and 3 targets", () => Risk(nn.Linear(2, 3), ones(4, 2), zeros(3, ScalarType.Int64)));
    }

    [Fact]
    public void Inputs_that_the_model_does_not_take()
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 3)), ones(4, 2), zeros(4, ScalarType.Int64));
        Says("The model cannot be evaluated on this batch (inputs Float32[4, 2]", () => risk.Value());
        foreach (var method in Methods) Says("cannot be evaluated on this batch", () => Form(risk, method));
    }

    [Fact]
    public void A_label_out_of_range()
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Linear(2, 3), ones(2, 2), tensor(new long[] { 0, 3 }));
        Says("The loss cannot be evaluated", () => risk.CheckDeterminism());
        foreach (var method in Methods) Says("out of bounds", () => Form(risk, method));
    }

    [Fact]
    public void Labels_of_another_type()
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Linear(2, 3), ones(2, 2), zeros(2, ScalarType.Int32));
        Says("targets Int32[2]", () => risk.Value());
        foreach (var method in Methods) Says("The loss cannot be evaluated", () => Form(risk, method));
    }

    [Fact]
    public void Targets_of_another_shape_than_a_squared_error_compares()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new MeanSquaredError(), ones(4, 2), ones(4, 1));
        Says("[4, 3] and the targets are [4, 1]", () => risk.Value());
        foreach (var method in Methods) Says("same shape", () => Form(risk, method));
    }

    [Fact]
    public void Targets_of_another_shape_than_a_binary_cross_entropy_compares()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new BinaryCrossEntropyWithLogits(), ones(4, 2), ones(4, 1));
        foreach (var method in Methods) Says("4, 1", () => Form(risk, method));
    }

    [Fact]
    public void A_loss_that_is_not_a_single_number()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new Unreduced(), ones(4, 2), ones(4, 3));
        Says("must be a single number", () => risk.Value());
        foreach (var method in Methods) Says("must be a single number", () => Form(risk, method));
    }

    [Fact]
    public void Dropout_in_training_mode()
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Sequential(nn.Linear(20, 50), nn.Dropout(), nn.Linear(50, 3)), ones(4, 20), zeros(4, ScalarType.Int64));
        Says("call model.eval() first", () => risk.CheckDeterminism());
        Says("Layer 1 (Dropout) is in training mode", () => Form(risk, CurvatureMethod.Quadratic));

        risk.Model.eval();
        risk.CheckDeterminism();
    }

    [Fact]
    public void Batch_normalisation_in_training_mode()
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), ones(4, 2), zeros(4, ScalarType.Int64));
        Says("Layer 1 (BatchNorm1d)", () => Form(risk, CurvatureMethod.Quadratic));
    }

    [Theory, InlineData(float.NaN), InlineData(float.PositiveInfinity)]
    public void A_weight_that_is_not_finite(float value)
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 3)), ones(4, 2), zeros(4, ScalarType.Int64));
        using (no_grad()) risk.Blocks[2].Parameter.fill_(value);
        Says("NaN or infinity in the weights", () => risk.CheckDeterminism());
        foreach (var method in Methods)
        {
            using var form = Form(risk, method);
            Says("The quadratic form of probe 3, block 0.weight is NaN", () => form.Evaluate(3, 2));
        }
    }

    [Fact]
    public void A_function_that_libtorch_differentiates_only_once()
    {
        using var scope = NewDisposeScope();
        var model = new Calling("Distances", nn.Linear(2, 3), x => cdist(x, zeros(3, 3)));
        var risk = Risk(model, ones(4, 2), zeros(4, ScalarType.Int64));
        Says("libtorch cannot differentiate the loss", () =>
        {
            using var form = Form(risk, CurvatureMethod.Autodiff);
            form.Evaluate(0, 1);
        });
    }

    [Fact]
    public void A_parameter_that_the_loss_does_not_depend_on_has_no_curvature()
    {
        using var scope = NewDisposeScope();
        var model = new Calling("Cut", nn.Linear(2, 3), x => x.detach());
        var risk = Risk(model, ones(4, 2), zeros(4, ScalarType.Int64));
        foreach (var structure in Enum.GetValues<BlockStructure>())
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                using var form = QuadraticForms.Create(risk, new CurvatureOptions
                {
                    Method = CurvatureMethod.Autodiff, Structure = structure, Matrix = matrix,
                });
                Assert.All(form.Evaluate(0, 3).Values.ToArray(), value => Assert.Equal(0, value));
            }
        }
    }

    [Fact]
    public void Probe_counts_that_make_no_sense()
    {
        using var scope = NewDisposeScope();
        using var form = Form(Risk(nn.Linear(2, 3), ones(4, 2), zeros(4, ScalarType.Int64)), CurvatureMethod.Quadratic);
        Assert.Throws<ArgumentOutOfRangeException>(() => form.Evaluate(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => form.Evaluate(0, 0));
    }

    internal static EmpiricalRisk Risk(nn.Module<Tensor, Tensor> model, Tensor inputs, Tensor targets) =>
        new(model, new CrossEntropy(), inputs, targets);

    internal static IQuadraticForm Form(EmpiricalRisk risk, CurvatureMethod method) =>
        QuadraticForms.Create(risk, new CurvatureOptions { Method = method });

    internal static void Says(string text, Action action)
    {
        var error = Assert.ThrowsAny<CurvatureException>(action);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    private static void Says(string text, Func<object> create) => Says(text, () => (create() as IDisposable)?.Dispose());

    /// <summary>A squared error that nobody has summed.</summary>
    private sealed class Unreduced() : Loss(Reduction.Sum)
    {
        public override Tensor Value(Tensor output, Tensor target) => (output - target).square();
    }

    /// <summary>A layer and a function behind it.</summary>
    internal sealed class Calling : nn.Module<Tensor, Tensor>
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
