using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What prediction space knows of a model from a few samples: along which parameters it bends, where samples are in its results, and how many
/// of them go back at once. It is the same for all samples, and found once.
/// </summary>
internal sealed class PredictionPlan
{
    /// <summary>So many samples tell what each one takes, and whether they come one after another.</summary>
    private const long FewSamples = 4;

    /// <summary>Passes a few samples forward and back.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="table">The layer rules.</param>
    /// <exception cref="CurvatureException">An operation or the loss has no rule or no root, or samples cannot be told apart.</exception>
    public PredictionPlan(EmpiricalRisk risk, CurvatureOptions options, OperationTable table)
    {
        using var scope = NewDisposeScope();
        using var few = Few(risk, table);
        Bent = options.Matrix == CurvatureMatrix.Hessian ? few.BentParameters() : new HashSet<IntPtr>();
        var sweep = new ReverseSweep(few);
        Axes = sweep.Axes;
        // Whether there is a root, and whether all operations tell samples apart, is known before the first probe.
        sweep.SquaredGradients(RootOfNothing(few));
        // As is whether all that bends can be drawn.
        OwnNumbers = Bends ? new DrawSweep(few, withLoss: false, Bent, axes: Axes).OwnNumbers : 0;
        long fitting = StackSize.SamplesOfReverseSweeps(few, OwnNumbers, options.MemoryBudget, out int lanes);
        Lanes = lanes;
        Samples = few.SampleCount > FewSamples ? few.SampleCount : fitting;
    }

    /// <summary>The parameters along which the model bends, by their handles; none for the GGN.</summary>
    public IReadOnlySet<IntPtr> Bent { get; }

    /// <summary>Whether the model's own curvature has a diagonal.</summary>
    public bool Bends => Bent.Count > 0;

    /// <summary>Where the samples are.</summary>
    public SampleAxes Axes { get; }

    /// <summary>How many numbers the parameters' probes of each sample's own have.</summary>
    public long OwnNumbers { get; }

    /// <summary>How many samples go back at once.</summary>
    public long Samples { get; }

    /// <summary>For how many lanes that is right.</summary>
    public int Lanes { get; }

    /// <summary>One lane of zeros behind the loss's root, which is looked for at each sample's output.</summary>
    public static Tensor RootOfNothing(Linearization some) =>
        some.LossRoot(zeros([1, some.OutputSize, some.SampleCount], some.Risk.Dtype, some.Risk.Device));

    private static Linearization Few(EmpiricalRisk risk, OperationTable table)
    {
        Linearization Over(EmpiricalRisk part) => new(part, CurvatureMatrix.Ggn, table, isForReverse: true);
        if (risk.SampleCount <= FewSamples) return Over(risk);
        try
        {
            return Over(risk.Narrow(FewSamples));
        }
        catch (CurvatureException error) when (error is not NoLayerRuleException)
        {
            // The model may take batches of one size only. If something is wrong, that is said of the user's batch.
            return Over(risk);
        }
    }

    /// <summary>A plan that forms of one model's samples share: the first of them makes it.</summary>
    internal sealed class Shared
    {
        private PredictionPlan? _plan;

        /// <summary>The plan.</summary>
        public PredictionPlan Of(EmpiricalRisk risk, CurvatureOptions options, OperationTable table) => _plan ??= new PredictionPlan(risk, options, table);
    }
}
