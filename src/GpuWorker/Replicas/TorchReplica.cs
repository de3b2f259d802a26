using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
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
    private readonly ShardedRisk _risk;

    /// <param name="source">What the job says: name, parameters, micro-batch.</param>
    /// <param name="sha256">Hash of weights and samples.</param>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="description">What is said of it.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="owned">What the replica disposes of; not where the constructor throws.</param>
    /// <exception cref="CurvatureException">The parameters that are asked for, or targets, do not fit.</exception>
    public TorchReplica(
        RiskSource source, string sha256, torch.nn.Module<torch.Tensor, torch.Tensor> model, Loss loss, LossDescription description, ISamples samples,
        params IReadOnlyList<IDisposable> owned)
    {
        _owned = owned;
        if (source.Parameters is { } patterns)
            ParameterSelection.Select(model, patterns.Split(',', StringSplitOptions.TrimEntries));
        _risk = new ShardedRisk(model, loss, samples, source.Shard, source.MicroBatch);
        // Before anything evaluates the loss, which for wrong targets fails with less to say, or ends the process.
        Sizes = _risk.Open(0, null).With(0, first => first.Blocks.ToDictionary(block => block.Name, block => block.Size));
        Model = new ReplicaDescription(source.Model, sha256, Sizes.Values.Sum(), samples.SampleCount) { Loss = description };
    }

    /// <inheritdoc/>
    public ReplicaDescription Model { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, long> Sizes { get; }

    /// <inheritdoc/>
    public void CheckDeterminism() => _risk.Open(0, _risk.MicroBatch(new CurvatureOptions())).CheckDeterminism();

    /// <inheritdoc/>
    public CurvatureCheck Check(ArrayFile probe, CurvatureMethod? method)
    {
        var whole = _risk.Whole(new CurvatureOptions { Method = method });
        whole.CheckSamples();
        return CurvatureCheck.Of(whole, probe, method);
    }

    /// <inheritdoc/>
    public IQuadraticForm QuadraticForm(CurvatureOptions options) => QuadraticForms.Create(_risk, options);

    /// <inheritdoc/>
    public void Dispose()
    {
        _risk.Dispose();
        foreach (var owned in _owned) owned.Dispose();
    }
}
