using System.Text.Json.Serialization;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Shared.Jobs;

/// <summary>
/// Everything that a job's result depends on. Two runs of equal specs give the same bits on the same kind of device,
/// whatever the workers are.
/// </summary>
public sealed record JobSpec
{
    /// <summary>
    /// Probes in a chunk where the spec says nothing else: large enough that a chunk's matrix products run at full
    /// speed, small enough that a job of a thousand probes keeps several workers busy.
    /// </summary>
    public const int DefaultVBatch = 50;

    /// <summary>V where nothing else is said.</summary>
    public const long DefaultProbes = 1000;

    /// <summary>V where nothing else is said and there is a target, which is what ends the job: a bound against runaways.</summary>
    public const long DefaultProbesToTarget = 1_000_000;

    /// <summary>An estimate or the exact trace. Default: an estimate.</summary>
    public JobKind Kind { get; init; }

    /// <summary>The function whose curvature is asked for. Default: the built-in example.</summary>
    public RiskSource Risk { get; init; } = new();

    /// <summary>The matrix. Default: the Hessian.</summary>
    public CurvatureMatrix Matrix { get; init; } = CurvatureMatrix.Hessian;

    /// <summary>The matrix's structure. Default: block-diagonal.</summary>
    public BlockStructure Structure { get; init; } = BlockStructure.Block;

    /// <summary>How quadratic forms are computed; null (the default) for the fastest way that serves the model.</summary>
    public CurvatureMethod? Method { get; init; }

    /// <summary>Where probes are drawn. Default: parameter space.</summary>
    public ProbeSpace ProbeSpace { get; init; } = ProbeSpace.Parameter;

    /// <summary>
    /// The distribution of random probes. Default: Rademacher. A job of <see cref="JobKind.Exact"/> takes basis
    /// vectors whatever this is.
    /// </summary>
    public ProbeDistribution Distribution { get; init; } = ProbeDistribution.Rademacher;

    /// <summary>
    /// V, how many random probes; at most so many where <see cref="RelativeError"/> is set. Default:
    /// <see cref="DefaultProbes"/>. A job of <see cref="JobKind.Exact"/> takes all basis vectors whatever this is.
    /// </summary>
    public long Probes { get; init; } = DefaultProbes;

    /// <summary>V_batch, the probes in a chunk; null (the default) for <see cref="DefaultVBatch"/>.</summary>
    public int? VBatch { get; init; }

    /// <summary>The seed of the probes. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The arithmetic's number type. Default: float32.</summary>
    public Dtype Dtype { get; init; } = Dtype.Float32;

    /// <summary>
    /// The job stops once the confidence interval's half-width is at most this share of the trace; null (the default)
    /// for all <see cref="Probes"/>.
    /// </summary>
    public double? RelativeError { get; init; }

    /// <summary>The confidence interval's level. Default: 0.95.</summary>
    public double ConfidenceLevel { get; init; } = 0.95;

    /// <summary>
    /// The probes in every chunk but the last: a function of the spec alone, never of the workers, because a stack's
    /// height may show in the last bits of a result.
    /// </summary>
    [JsonIgnore]
    public int ChunkSize
    {
        get
        {
            int wanted = VBatch ?? DefaultVBatch;
            return Kind == JobKind.Exact ? wanted : (int)Math.Min(wanted, Probes);
        }
    }

    /// <summary>The part of the spec that a curvature operator is made from.</summary>
    /// <param name="memoryBudget">Bytes that a stack of probes may take; null for the default.</param>
    public CurvatureOptions CurvatureOptions(long? memoryBudget = null) => new()
    {
        Matrix = Matrix,
        Structure = Structure,
        Method = Method,
        ProbeSpace = ProbeSpace,
        Distribution = Kind == JobKind.Exact ? ProbeDistribution.Basis : Distribution,
        Seed = Seed,
        MemoryBudget = memoryBudget,
    };

    /// <summary>Everything that is wrong with the spec, in the order of its fields; nothing where it is right.</summary>
    public IReadOnlyList<Problem> Validate()
    {
        var problems = new List<Problem>(Risk.Validate());
        Check(problems, "matrix", Choices.Matrix, Matrix);
        Check(problems, "structure", Choices.Structure, Structure);
        if (Method is { } method) Check(problems, "method", Choices.Method, method);
        Check(problems, "probe-space", Choices.ProbeSpace, ProbeSpace);
        Check(problems, "dtype", Choices.Dtype, Dtype);
        if (VBatch < 1)
            problems.Add(Problem.Of("v-batch", VBatch.Value, "must be at least 1, or auto"));
        if (ProbeSpace == ProbeSpace.Output) ValidateOutputSpace(problems);
        if (Kind == JobKind.Estimate) ValidateEstimate(problems);
        return problems;
    }

    private void ValidateOutputSpace(List<Problem> problems)
    {
        if (Structure == BlockStructure.Full)
        {
            problems.Add(new Problem(
                "structure", "full", "must be block with --probe-space output, which probes each block for itself"));
        }

        if (Method is CurvatureMethod.Autodiff or CurvatureMethod.Hmp)
        {
            problems.Add(new Problem(
                "method", Method.Value.Word(),
                "must be auto or quadratic with --probe-space output, which has no Hessian-vector products"));
        }
    }

    private void ValidateEstimate(List<Problem> problems)
    {
        Check(problems, "distribution", Choices.Distribution, Distribution);
        if (Probes < 1)
            problems.Add(Problem.Of("probes", Probes, "must be at least 1"));
        if (RelativeError is { } error && !(error > 0 && error < 1))
            problems.Add(Problem.Of("relative-error", error, "must lie between 0 and 1, such as 0.01 for 1 %"));
        if (!(ConfidenceLevel > 0 && ConfidenceLevel < 1))
            problems.Add(Problem.Of("confidence-level", ConfidenceLevel, "must lie between 0 and 1, such as 0.95"));
    }

    private static void Check<T>(List<Problem> problems, string field, Choice<T> choice, T value)
        where T : struct, Enum
    {
        if (!choice.Offers(value))
            problems.Add(new Problem(field, value.Word(), choice.Right));
    }
}
