using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;

namespace ActorHutch.Curvature.Operators;

/// <summary>Makes the quadratic form that serves a risk and some options.</summary>
public static class QuadraticForms
{
    /// <summary>What a probe of predictions takes where the model does not bend.</summary>
    private const double LeastPasses = 2;

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
        if (options is { LanczosSteps: not null } or { Result: ProbeResult.Diagonal }) return Create(Whole(risk), options, table, probes);
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
        if (options?.LanczosSteps is { } steps)
        {
            if (probes is not null) throw new CurvatureException("Lanczos runs begin with probes of their own.");
            if (risk.Count > 1) risk.CheckIndependence();
            return new LanczosForm(risk, options, table ?? OperationTable.Default, steps);
        }

        if (options is { ProbeSpace: null }) return InBestSpace(options, some => Create(risk, some, table, probes));
        if (options is { Result: ProbeResult.Diagonal, Distribution: not ProbeDistribution.Basis } && probes is null) return Diagonal(risk, options, table);
        return Rows(risk, options, table, probes);
    }

    private static IQuadraticForm Rows(MicroBatchedRisk risk, CurvatureOptions? options, OperationTable? table, IProbeSource? probes = null)
    {
        if (risk.Count == 1) return new WholeBatchForm(risk, batch => Create(batch, options, table, probes, () => risk.Mixing));
        risk.CheckIndependence();
        options = WithPlan(options);
        return new MicroBatchedForm(risk, batch => Create(batch, options, table, probes, () => null));
    }

    /// <summary>The quadratic forms of a risk in shards: <see cref="IQuadraticForm.Evaluate(Tile, bool, CancellationToken)"/> computes with one.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for; null for the defaults.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <exception cref="CurvatureException">
    /// The combination does not exist, or does not serve this model; samples of the first shard are wrong; or there are
    /// several shards, and samples are not independent.
    /// </exception>
    public static IQuadraticForm Create(ShardedRisk risk, CurvatureOptions? options = null, OperationTable? table = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        options ??= new CurvatureOptions();
        if (options.LanczosSteps is not null)
        {
            // A run multiplies with all samples' matrix.
            var whole = risk.Whole(options);
            whole.CheckSamples();
            return Create(whole, options, table);
        }

        if (options.ProbeSpace is null) return InBestSpace(options, some => Create(risk, some, table));
        risk.CheckIndependence();
        options = WithPlan(options);
        // What is decided for the first shard is for all, and what the others would decide by is not made again.
        long most = options.MostProbes;
        IQuadraticForm Of(MicroBatchedRisk shard)
        {
            var form = Create(shard, options with { MostProbes = most }, table);
            if (form is DiagonalForm diagonal) most = diagonal.IsExact ? long.MaxValue : 0;
            return form;
        }

        return new ShardedForm(risk, Of, risk.MicroBatch(options), options.KeptMemory ?? options.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget);
    }

    /// <summary>Random probes, or basis vectors where there are no more of them.</summary>
    private static DiagonalForm Diagonal(MicroBatchedRisk risk, CurvatureOptions options, OperationTable? table)
    {
        if (options.MostProbes > 0)
        {
            var exact = Rows(risk, options with { Distribution = ProbeDistribution.Basis }, table);
            if (exact.BasisCount <= options.MostProbes) return new DiagonalForm(exact, isExact: true);
            exact.Dispose();
        }

        return new DiagonalForm(Rows(risk, options, table), isExact: false);
    }

    /// <summary>What is found of the model once serves all of its samples.</summary>
    private static CurvatureOptions WithPlan(CurvatureOptions? options) => (options ?? new CurvatureOptions()) is var some && some.Plan is null ? some with { Plan = new() } : some;

    /// <summary>The form in the space that serves best, where none is asked for: see <see cref="CurvatureOptions.ProbeSpace"/>.</summary>
    private static T InBestSpace<T>(CurvatureOptions options, Func<CurvatureOptions, T> create) where T : IQuadraticForm
    {
        T InParameterSpace() => create(options with { ProbeSpace = ProbeSpace.Parameter });

        // Which only parameter space has.
        if (options.Method is CurvatureMethod.Autodiff or CurvatureMethod.Hmp) return InParameterSpace();
        var prediction = Tried(ProbeSpace.Prediction);
        if (options.Result == ProbeResult.Diagonal) return prediction ?? InParameterSpace();
        bool isRandom = options.Distribution != ProbeDistribution.Basis;
        // Where the model is piecewise linear, a probe of predictions is one pass back and varies least; of many micro-batches nobody takes a pilot.
        if (prediction is not null && isRandom && (prediction.Passes <= LeastPasses || prediction is MicroBatchedForm)) return prediction;
        var output = Tried(ProbeSpace.Output);
        // Where a layer has no rule, or samples cannot be told apart, parameter space minds neither.
        if (prediction is null || output is null) return prediction ?? output ?? InParameterSpace();
        // Of as many, those that give all blocks at once.
        bool isBetter = isRandom ? Cost(prediction) <= Cost(output) : prediction.BasisCount <= output.BasisCount;
        (isBetter ? output : prediction).Dispose();
        return isBetter ? prediction : output;

        // What two probes of the first samples vary, times what a probe takes: the work to any error.
        static double Cost(T form) =>
            form.Evaluate(new Tile(0, 2, 0, form.ShardSize), keeps: false).Spread is { } spread ? form.Passes * spread.Variances[^1] : form.Passes;

        T? Tried(ProbeSpace space)
        {
            try
            {
                return create(options with { ProbeSpace = space });
            }
            catch (NoLayerRuleException)
            {
                return default;
            }
        }
    }

    /// <param name="risk">The risk.</param>
    /// <param name="options">What is asked for; null for the defaults.</param>
    /// <param name="table">The layer rules; null for the default ones.</param>
    /// <param name="probes">Probes of parameter space to use instead of Philox's.</param>
    /// <param name="mixing">How samples are mixed: asked where a method takes them one by one.</param>
    private static StackedForm Create(
        EmpiricalRisk risk, CurvatureOptions? options, OperationTable? table, IProbeSource? probes, Func<string?> mixing)
    {
        options ??= new CurvatureOptions();
        if (options.ProbeSpace is null) return InBestSpace(options, some => Create(risk, some, table, probes, mixing));
        if (risk.Loss is ModelLoss && options.Matrix == CurvatureMatrix.Ggn)
        {
            throw new CurvatureException(
                "The model computes its own loss, so the Gauss-Newton matrix is not defined: there is no boundary between model and loss. Use "
                + "CurvatureMatrix.Hessian, or let the model return the input of the loss.");
        }

        if (options.Result != ProbeResult.QuadraticForm && (options.ProbeSpace == ProbeSpace.Output || (options.Result == ProbeResult.Product && options.ProbeSpace != ProbeSpace.Parameter)))
            throw new CurvatureException($"{options.ProbeSpace} space cannot compute a value for each parameter: use ProbeSpace.Parameter.");
        try
        {
            return options.ProbeSpace switch
            {
                ProbeSpace.Output => InOutputSpace(Linearize, options, probes),
                ProbeSpace.Prediction => InPredictionSpace(risk, options, table ?? OperationTable.Default, probes, mixing),
                _ => InParameterSpace(risk, Linearize, options, probes),
            };
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
                // One number from all samples is no sum over them, and parameter space does not need it to be.
                if (risk.Loss is ModelLoss && options.ProbeSpace == ProbeSpace.Parameter) return linearization;
                return mixing() is not { } how
                    ? linearization
                    : throw Mixed(how);
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
        if (options.ProbeSpace != ProbeSpace.Parameter) ways.Add("ProbeSpace.Parameter");
        if (options.Method is not null) ways.Add("CurvatureMethod.Autodiff");
        return $"Use {string.Join(" and ", ways)}.";
    }

    private static StackedForm InParameterSpace(
        EmpiricalRisk risk, Func<Linearization> linearize, CurvatureOptions options, IProbeSource? probes)
    {
        probes ??= options.Distribution == ProbeDistribution.Basis
            ? new BasisProbes(risk.Blocks)
            : new PhiloxProbes(options.Seed, options.Distribution);

        bool multiplies = options.Result != ProbeResult.QuadraticForm || options.Vectors is not null;
        switch (options.Method)
        {
            case CurvatureMethod.Autodiff:
                return Autodiff(risk, options, probes, "asked for");
            case CurvatureMethod.Hmp:
                return Products(linearize(), options, probes, "asked for");
            case CurvatureMethod.Quadratic when multiplies:
                throw new CurvatureException("CurvatureMethod.Quadratic cannot compute Hv. Use CurvatureMethod.Hmp or CurvatureMethod.Autodiff.");
            case CurvatureMethod.Quadratic:
                return Sweeps(linearize(), options, probes, "asked for");
            case null when options.Preferred == CurvatureMethod.Autodiff:
                return Autodiff(risk, options, probes, "the fastest for few vectors at a time");
            default:
                try
                {
                    const string reason = "every layer and the loss have a rule";
                    return multiplies ? Products(linearize(), options, probes, reason) : Sweeps(linearize(), options, probes, reason);
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
        new(new AutodiffProduct(risk, options.Matrix, options.Structure), probes, CurvatureMethod.Autodiff, largestStack: 1, options)
        {
            MethodReason = reason,
        };

    private static ProductForm Products(Linearization linearization, CurvatureOptions options, IProbeSource probes, string reason)
    {
        int stack = StackSize.ForProducts(linearization.Risk, linearization.Operations, options.MemoryBudget);
        return new ProductForm(new LayerRuleProduct(linearization, options.Structure), probes, CurvatureMethod.Hmp, stack, options)
        {
            MethodReason = linearization.Reason(reason),
        };
    }

    private static SweepForm Sweeps(Linearization linearization, CurvatureOptions options, IProbeSource probes, string reason)
    {
        int stack = StackSize.ForSweeps(linearization.Risk, linearization.Operations, options.MemoryBudget);
        return new SweepForm(linearization, options.Structure, probes, stack) { MethodReason = linearization.Reason(reason) };
    }

    private static OutputSpaceForm InOutputSpace(
        Func<Linearization> linearize, CurvatureOptions options, IProbeSource? probes)
    {
        if (probes is not null) throw OwnProbes();
        var linearization = linearize();
        try
        {
            var form = new OutputSpaceForm(
                linearization, options.Structure, options.Distribution, options.Seed, options.MemoryBudget)
            {
                MethodReason = linearization.Reason(options.Method is null ? "the only method in output space" : "asked for"),
            };
            // Only now: for a model that output space does not serve at all there is another way out.
            CheckMethod("Output", options);
            return form;
        }
        catch
        {
            linearization.Dispose();
            throw;
        }
    }

    private static PredictionSpaceForm InPredictionSpace(
        EmpiricalRisk risk, CurvatureOptions options, OperationTable table, IProbeSource? probes, Func<string?> mixing)
    {
        if (probes is not null) throw OwnProbes();
        if (risk.Loss is ModelLoss)
            throw new NoLayerRuleException("The model computes its own loss, so its prediction is not known.");
        if (mixing() is { } how) throw Mixed(how);
        string reason = options.Method is null ? "the only method in prediction space" : "asked for";
        var form = new PredictionSpaceForm(risk, options, table, reason);
        try
        {
            // Only now, as for output space.
            CheckMethod("Prediction", options);
            return form;
        }
        catch
        {
            form.Dispose();
            throw;
        }
    }

    private static NoLayerRuleException Mixed(string how) =>
        new($"{how}.", "Layer rules, output space and prediction space take samples one by one.");

    private static CurvatureException OwnProbes() => new("A custom probe source supports parameter space only.");

    private static void CheckMethod(string space, CurvatureOptions options)
    {
        if (options.Method is not { } method || method == CurvatureMethod.Quadratic) return;
        throw new CurvatureException(
            $"{space} space has no Hessian-vector products, so it cannot be probed with {method}. Use CurvatureMethod.Quadratic, or ProbeSpace.Parameter.");
    }
}
