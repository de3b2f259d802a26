using ActorHutch.Curvature.LayerRules;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Probes;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// A risk at its parameters and batch, ready for sweeps: one forward and one backward pass give every layer's
/// activations and adjoints, which no probe changes.
/// </summary>
internal sealed class Linearization : IDisposable
{
    private readonly LayerRule _model;
    private readonly LossCurvature _loss;
    private readonly long _samples;
    private readonly bool _secondOrder;

    /// <summary>Passes the batch through the model once.</summary>
    /// <exception cref="CurvatureException">A layer or the loss has no rule.</exception>
    public Linearization(EmpiricalRisk risk, CurvatureMatrix matrix, LayerRuleSet rules)
    {
        ArgumentNullException.ThrowIfNull(risk);
        Risk = risk;
        _samples = risk.SampleCount;
        _secondOrder = matrix == CurvatureMatrix.Hessian;
        _model = rules.For(risk.Model, "");
        try
        {
            _loss = Pass();
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    /// <summary>The risk.</summary>
    public EmpiricalRisk Risk { get; }

    /// <summary>All layers, in the order of the forward pass.</summary>
    public IEnumerable<LayerRule> Layers => _model.Leaves;

    /// <summary>vᵀHv of each lane, <c>[P]</c>, for probes in parameter space.</summary>
    /// <param name="lanes">P.</param>
    /// <param name="probe">A parameter's probes; null for zero.</param>
    /// <param name="signs">The same probes packed, where there are such.</param>
    public Tensor QuadraticForms(
        int lanes, Func<Parameter, Tensor?> probe, Func<Parameter, PackedSigns?>? signs = null) =>
        Run(new Sweep(lanes, _samples, probe, _secondOrder, signs))
        ?? zeros([lanes], Risk.Dtype, Risk.Device);

    /// <summary>The quadratic form of each lane and each sample, <c>[P, N]</c>, for a tangent drawn at one layer.</summary>
    public Tensor QuadraticForms(int lanes, LayerRule drawnAt, Lanes drawn) =>
        Run(new Sweep(lanes, _samples, drawnAt, drawn, _secondOrder))
        ?? zeros([lanes, _samples], Risk.Dtype, Risk.Device);

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _loss.Dispose();
    }

    private Tensor? Run(Sweep sweep)
    {
        if (_model.Tangent(null, sweep) is { } output) _loss.AddTo(sweep, output);
        return sweep.Sum;
    }

    private LossCurvature Pass()
    {
        using var scope = NewDisposeScope();
        Tensor output, loss;
        using (enable_grad())
        {
            output = Risk.ForwardModel(_model.Run);
            loss = Risk.ForwardLoss(output);
        }

        LayerRule[] varying = [.. Layers.Where(layer => layer.Output!.requires_grad)];
        var adjoints = Autograd.Gradients([loss], [.. varying.Select(layer => layer.Output!)]);
        using var noGrad = no_grad();
        for (int i = 0; i < varying.Length; i++) varying[i].OutputAdjoint = adjoints[i];
        foreach (var layer in Layers)
        {
            layer.Prepare();
            layer.Output = null;
            layer.OutputAdjoint = null;
        }

        return Risk.Loss.Linearize(output.detach(), Risk.Targets)
            ?? throw new NoLayerRuleException(
                $"{Risk.Loss.GetType().Name} does not tell its second derivative (Loss.Linearize), which "
                + "the methods quadratic and hmp need.");
    }
}
