using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The quadratic forms of a risk whose micro-batches are walked one after another: all probes of a call see one before
/// the next is read, so that what a micro-batch alone costs is paid once a call.
/// </summary>
internal sealed class MicroBatchedForm : IQuadraticForm
{
    private readonly MicroBatchedRisk _risk;
    private readonly Func<EmpiricalRisk, IQuadraticForm> _create;

    /// <param name="risk">The risk.</param>
    /// <param name="create">The form of one micro-batch.</param>
    /// <exception cref="CurvatureException">The first micro-batch has no such form.</exception>
    public MicroBatchedForm(MicroBatchedRisk risk, Func<EmpiricalRisk, IQuadraticForm> create)
    {
        (_risk, _create) = (risk, create);
        (Method, MethodReason, ProbeSpace, Passes, Blocks, Shapes, BasisCount) = risk.With(0, first =>
        {
            using var form = create(first);
            return (form.Method, form.MethodReason, form.ProbeSpace, form.Passes, form.Blocks, form.Shapes, form.BasisCount);
        });
        MethodReason += $"; {risk.Count:N0} micro-batches of {risk.MicroBatch:N0}";
    }

    /// <inheritdoc/>
    public CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; }

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace { get; }

    /// <inheritdoc/>
    public double Passes { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long[]> Shapes { get; }

    /// <inheritdoc/>
    public int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);

    /// <inheritdoc/>
    public long BasisCount { get; }

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        var fold = new ShardFold(_risk.Count, _risk.Loss.Reduction == Reduction.Sum);
        for (int b = 0; b < _risk.Count; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            fold.Add(_risk.With(b, risk =>
            {
                // A batch of ignored targets alone, whose mean would be 0/0.
                if (risk.FoldWeight == 0) return ProbeValues.OfNothing(firstProbe, count, Columns);
                using var form = _create(risk);
                return form.Evaluate(firstProbe, count, cancellation);
            }));
        }

        return fold.Result();
    }

    /// <inheritdoc/>
    public ProbeValues WarmUp(CancellationToken cancellation = default)
    {
        // One micro-batch loads what the others need. One of ignored targets alone is not computed with.
        for (int b = 0; b < _risk.Count; b++)
        {
            var first = _risk.With(b, risk =>
            {
                if (risk.FoldWeight == 0) return null;
                using var form = _create(risk);
                return form.WarmUp(cancellation);
            });
            if (first is not null) return first;
        }

        throw EmpiricalRisk.NothingCounts();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A micro-batch's form lives no longer than its turn.
    }
}

/// <summary>The form of a risk that is one micro-batch, which is read once and kept.</summary>
internal sealed class WholeBatchForm : IQuadraticForm
{
    private readonly ModelInputs _inputs;
    private readonly Tensor _targets;
    private readonly IQuadraticForm _form;

    public WholeBatchForm(MicroBatchedRisk risk, Func<EmpiricalRisk, IQuadraticForm> create)
    {
        (_inputs, _targets, string called) = risk.With(0, only => (only.Inputs.Map(input => input.alias()), only.Targets.alias(), only.Called));
        try
        {
            _form = create(new EmpiricalRisk(risk.Model, risk.Loss, _inputs, _targets) { FirstSample = risk.FirstSample, Called = called });
        }
        catch
        {
            _inputs.Dispose();
            _targets.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public CurvatureMethod Method => _form.Method;

    /// <inheritdoc/>
    public string MethodReason => _form.MethodReason;

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace => _form.ProbeSpace;

    /// <inheritdoc/>
    public double Passes => _form.Passes;

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks => _form.Blocks;

    /// <inheritdoc/>
    public IReadOnlyList<long[]> Shapes => _form.Shapes;

    /// <inheritdoc/>
    public long BasisCount => _form.BasisCount;

    /// <inheritdoc/>
    public long KeptBytes => _form.KeptBytes;

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default) =>
        _form.Evaluate(firstProbe, count, cancellation);

    /// <inheritdoc/>
    public ProbeValues WarmUp(CancellationToken cancellation = default) => _form.WarmUp(cancellation);

    /// <inheritdoc/>
    public void Dispose()
    {
        _form.Dispose();
        _inputs.Dispose();
        _targets.Dispose();
    }
}
