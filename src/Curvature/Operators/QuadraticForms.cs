using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Operators;

/// <summary>Makes the quadratic form that serves a risk and some options.</summary>
public static class QuadraticForms
{
    /// <summary>The quadratic form vᵀHv of a risk.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for; null for the defaults.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <param name="probes">
    /// Probes of parameter space to use instead of Philox's; their distribution is theirs, and
    /// <see cref="CurvatureOptions.Distribution"/> is not looked at.
    /// </param>
    /// <exception cref="CurvatureException">The combination does not exist, or does not serve this model.</exception>
    public static IQuadraticForm Create(
        EmpiricalRisk risk, CurvatureOptions? options = null, OperationTable? table = null, IProbeSource? probes = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        return Create(risk, options, table, probes, () => Whole(risk).Mixing);
    }

    /// <summary>The quadratic form vᵀHv of a risk over micro-batches; of several, each is read anew for each call.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for; null for the defaults.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <param name="probes">Probes of parameter space to use instead of Philox's.</param>
    /// <exception cref="CurvatureException">
    /// The combination does not exist, or does not serve this model; or there are several micro-batches, and samples are
    /// not independent.
    /// </exception>
    public static IQuadraticForm Create(
        MicroBatchedRisk risk, CurvatureOptions? options = null, OperationTable? table = null, IProbeSource? probes = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        if (risk.Count == 1) return new WholeBatchForm(risk, batch => Create(batch, options, table, probes, () => risk.Mixing));
        risk.CheckIndependence();
        return new MicroBatchedForm(risk, batch => Create(batch, options, table, probes, () => null));
    }

    /// <summary>
    /// The form whose basis vectors give the exact trace in the fewest lanes: output space where every layer has a
    /// rule, parameter space otherwise.
    /// </summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <exception cref="CurvatureException">libtorch cannot differentiate the loss twice.</exception>
    public static IQuadraticForm CreateExact(
        EmpiricalRisk risk, CurvatureMatrix matrix = CurvatureMatrix.Hessian, OperationTable? table = null)
    {
        var basis = new CurvatureOptions { Matrix = matrix, Distribution = ProbeDistribution.Basis };
        try
        {
            return Create(risk, basis with { ProbeSpace = ProbeSpace.Output }, table);
        }
        catch (NoLayerRuleException)
        {
            // No rule for a layer, or a parameter that two layers share: parameter space has neither limit.
            return Create(risk, basis, table);
        }
    }

    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for; null for the defaults.</param>
    /// <param name="table">The layer rules; null for the default ones.</param>
    /// <param name="probes">Probes of parameter space to use instead of Philox's.</param>
    /// <param name="mixing">How samples are mixed: asked where a method takes them one by one.</param>
    private static IQuadraticForm Create(
        EmpiricalRisk risk, CurvatureOptions? options, OperationTable? table, IProbeSource? probes, Func<string?> mixing)
    {
        options ??= new CurvatureOptions();
        try
        {
            return options.ProbeSpace == ProbeSpace.Output
                ? InOutputSpace(Linearize, options, probes)
                : InParameterSpace(risk, Linearize, options, probes);
        }
        catch (NoLayerRuleException noRule)
        {
            throw noRule.With(WayOut(options));
        }

        Linearization Linearize()
        {
            var linearization = new Linearization(risk, options.Matrix, table ?? OperationTable.Default);
            try
            {
                return mixing() is not { } how
                    ? linearization
                    : throw new NoLayerRuleException($"{how}.", "Layer rules and output space take samples one by one.");
            }
            catch
            {
                linearization.Dispose();
                throw;
            }
        }
    }

    /// <summary>What serves a model without a rule, whatever it is: both where both were asked for.</summary>
    private static string WayOut(CurvatureOptions options)
    {
        List<string> ways = [];
        if (options.ProbeSpace == ProbeSpace.Output) ways.Add("--probe-space parameter (ProbeSpace.Parameter)");
        if (options.Method is not null) ways.Add("--method autodiff (CurvatureMethod.Autodiff)");
        return $"Use {string.Join(" and ", ways)}.";
    }

    private static StackedForm InParameterSpace(
        EmpiricalRisk risk, Func<Linearization> linearize, CurvatureOptions options, IProbeSource? probes)
    {
        probes ??= options.Distribution == ProbeDistribution.Basis
            ? new BasisProbes(risk.Blocks)
            : new PhiloxProbes(options.Seed, options.Distribution);

        switch (options.Method)
        {
            case CurvatureMethod.Autodiff:
                return Autodiff(risk, options, probes, "asked for");
            case CurvatureMethod.Hmp:
                var linearization = linearize();
                var product = new LayerRuleProduct(linearization, options.Structure);
                return new ProductForm(
                    product, probes, CurvatureMethod.Hmp, StackSize.ForProducts(risk, product.Operations, options.MemoryBudget))
                {
                    MethodReason = linearization.Reason("asked for"),
                };
            case CurvatureMethod.Quadratic:
                return Sweeps(linearize(), options, probes, "asked for");
            default:
                try
                {
                    return Sweeps(linearize(), options, probes, "every layer and the loss have a rule");
                }
                catch (NoLayerRuleException noRule)
                {
                    return Autodiff(risk, options, probes, noRule.Missing.TrimEnd('.'));
                }
        }
    }

    private static MicroBatchedRisk Whole(EmpiricalRisk risk) =>
        new(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets), risk.SampleCount);

    private static ProductForm Autodiff(
        EmpiricalRisk risk, CurvatureOptions options, IProbeSource probes, string reason) =>
        new(new AutodiffProduct(risk, options.Matrix, options.Structure), probes, CurvatureMethod.Autodiff, largestStack: 1)
        {
            MethodReason = reason,
        };

    private static SweepForm Sweeps(Linearization linearization, CurvatureOptions options, IProbeSource probes, string reason)
    {
        int stack = StackSize.ForSweeps(linearization.Risk, linearization.Operations, options.MemoryBudget);
        return new SweepForm(linearization, options.Structure, probes, stack) { MethodReason = linearization.Reason(reason) };
    }

    private static OutputSpaceForm InOutputSpace(
        Func<Linearization> linearize, CurvatureOptions options, IProbeSource? probes)
    {
        if (probes is not null)
            throw new CurvatureException("A probe source of one's own serves parameter space only.");

        var linearization = linearize();
        try
        {
            var form = new OutputSpaceForm(
                linearization, options.Distribution, options.Seed,
                StackSize.ForOutputSpace(linearization.Risk, linearization.Operations, options.MemoryBudget))
            {
                MethodReason = linearization.Reason(options.Method is null ? "the one that output space has" : "asked for"),
            };
            // Only now: for a model that output space does not serve at all there is another way out.
            CheckOutputSpace(options);
            return form;
        }
        catch
        {
            linearization.Dispose();
            throw;
        }
    }

    private static void CheckOutputSpace(CurvatureOptions options)
    {
        List<string> reasons = [], ways = [];
        if (options.Method is { } method and not CurvatureMethod.Quadratic)
        {
            reasons.Add($"has no Hessian-vector products, so it cannot be probed with {method}");
            ways.Add("--method quadratic");
        }

        if (options.Structure == BlockStructure.Full)
        {
            reasons.Add("probes each block for itself, so it has no full structure");
            ways.Add("--structure block (the trace is the same)");
        }

        if (reasons.Count > 0)
        {
            throw new CurvatureException(
                $"Output space {string.Join(", and ", reasons)}. Use {string.Join(" and ", ways)}, or --probe-space parameter.");
        }
    }
}
