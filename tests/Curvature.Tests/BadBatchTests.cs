using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>
/// What can be wrong with a batch ends in a CurvatureException that says what and where. libtorch would
/// end the whole process for some of it, and this test run with it.
/// </summary>
public sealed class BadBatchTests
{
    private static readonly CurvatureMethod[] Methods = Enum.GetValues<CurvatureMethod>();

    [Fact]
    public void An_empty_batch()
    {
        using var scope = NewDisposeScope();
        Rejected.Saying("batch is empty", () => Rejected.Risk(nn.Linear(2, 3), zeros(0, 2)));
        Rejected.Saying("batch is empty", () => Rejected.Risk(nn.Linear(2, 3), tensor(1f), zeros(1, ScalarType.Int64)));
    }

    [Fact]
    public void Another_number_of_targets_than_of_inputs()
    {
        using var scope = NewDisposeScope();
        Rejected.Saying("4 inputs and 3 targets", () => Rejected.Risk(nn.Linear(2, 3), targets: zeros(3, ScalarType.Int64)));
    }

    [Fact]
    public void Inputs_that_the_model_does_not_take()
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Sequential(nn.Linear(5, 3), nn.Tanh(), nn.Linear(3, 3)));
        Rejected.Saying("The model cannot be evaluated on this batch (inputs Float32[4, 2]", () => risk.Value());
        foreach (var method in Methods)
            Rejected.Saying("cannot be evaluated on this batch", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void A_label_out_of_range()
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Linear(2, 3), ones(2, 2), tensor(new long[] { 0, 3 }));
        Rejected.Saying("The loss cannot be evaluated", () => risk.CheckDeterminism());
        foreach (var method in Methods) Rejected.Saying("out of bounds", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void Labels_of_another_type()
    {
        using var scope = NewDisposeScope();
        var risk = Rejected.Risk(nn.Linear(2, 3), ones(2, 2), zeros(2, ScalarType.Int32));
        Rejected.Saying("the targets are Int32[2]", () => risk.Value());
        foreach (var method in Methods)
            Rejected.Saying("The loss cannot be evaluated", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void Targets_of_another_shape_than_a_squared_error_compares()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new MeanSquaredError(), ones(4, 2), ones(4, 1));
        Rejected.Saying("Float32[4, 3] and the targets are Float32[4, 1]", () => risk.Value());
        foreach (var method in Methods) Rejected.Saying("in the output's shape", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void Targets_of_another_shape_than_a_binary_cross_entropy_compares()
    {
        using var scope = NewDisposeScope();
        var risk = new EmpiricalRisk(nn.Linear(2, 3), new BinaryCrossEntropyWithLogits(), ones(4, 2), ones(4, 1));
        foreach (var method in Methods) Rejected.Saying("4, 1", () => Rejected.Form(risk, method));
    }

    [Fact]
    public void Probe_counts_that_make_no_sense()
    {
        using var scope = NewDisposeScope();
        using var form = Rejected.Form(Rejected.Risk(nn.Linear(2, 3)), CurvatureMethod.Quadratic);
        Assert.Throws<ArgumentOutOfRangeException>(() => form.Evaluate(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => form.Evaluate(0, 0));
    }
}
