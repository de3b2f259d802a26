using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using TorchSharp;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>A model, a loss and samples in libtorch.</summary>
/// <remarks>What a job asks of its source is checked when it is made: a replica that exists can be computed with.</remarks>
internal sealed class TorchReplica : IReplica
{
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly torch.nn.Module<torch.Tensor, torch.Tensor> _model;
    private readonly Loss _loss;
    private readonly ISamples _samples;
    private readonly long? _microBatch;
    private readonly Dictionary<long, MicroBatchedRisk> _risks = [];

    /// <param name="source">What the job says: name, parameters, micro-batch.</param>
    /// <param name="sha256">Hash of weights and samples.</param>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="lossReason">Who chose it, for people.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="owned">What the replica disposes of; not where the constructor throws.</param>
    /// <exception cref="CurvatureException">The parameters that are asked for, or targets, do not fit.</exception>
    public TorchReplica(
        RiskSource source, string sha256, torch.nn.Module<torch.Tensor, torch.Tensor> model, Loss loss, string lossReason, ISamples samples,
        params IReadOnlyList<IDisposable> owned)
    {
        (_model, _loss, _samples, _owned, _microBatch) = (model, loss, samples, owned, source.MicroBatch);
        if (source.Parameters is { } patterns)
            ParameterSelection.Select(model, patterns.Split(',', StringSplitOptions.TrimEntries));
        // Before anything evaluates the loss, which for wrong targets fails with less to say, or ends the process.
        var risk = new MicroBatchedRisk(model, loss, samples, source.MicroBatch ?? MicroBatchSize.ForUnknownLayers);
        risk.CheckTargets();
        Model = new ReplicaDescription(
            source.Model, sha256, risk.With(0, first => first.ParameterCount), samples.SampleCount)
        {
            Loss = LossDescription.Of(loss, lossReason),
        };
    }

    /// <inheritdoc/>
    public ReplicaDescription Model { get; }

    /// <inheritdoc/>
    public void CheckDeterminism() => Risk(new CurvatureOptions()).CheckDeterminism();

    /// <inheritdoc/>
    public CurvatureCheck Check(ArrayFile probe, CurvatureMethod? method) =>
        CurvatureCheck.Of(Risk(new CurvatureOptions { Method = method }), probe, method);

    /// <inheritdoc/>
    public IQuadraticForm QuadraticForm(CurvatureOptions options) => QuadraticForms.Create(Risk(options), options);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
    }

    /// <summary>The risk in micro-batches for some options. What it has found out of the samples serves later jobs too.</summary>
    private MicroBatchedRisk Risk(CurvatureOptions options)
    {
        long size = _microBatch ?? MicroBatchSize.Auto(_model, _loss, _samples, options);
        return _risks.TryGetValue(size, out var risk) ? risk : _risks[size] = new(_model, _loss, _samples, size);
    }
}
