using System.Globalization;
using System.Text.Json.Serialization;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Options;

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

    /// <summary>
    /// The same where a job has a target and samples have probes of their own: two of each tell the standard error, and few of them
    /// may be enough.
    /// </summary>
    public const int DefaultVBatchToTarget = 2;

    /// <summary>The most probes in a chunk: its result is a number for each, and for each block.</summary>
    public const int MostVBatch = 1_000_000;

    /// <summary>The most chunks in a job: what a coordinator can keep account of.</summary>
    public const long MostChunks = 1L << 30;

    /// <summary>The most shards that the samples are cut into.</summary>
    public const long MostShards = 1L << 22;

    /// <summary>What is right for <see cref="RoundingProbes"/>, as the end of a sentence.</summary>
    public const string RightRoundingProbes = "must be a whole number, at least 2, or 0 for none, or auto";

    /// <summary>V where nothing else is said.</summary>
    public const long DefaultProbes = 1000;

    /// <summary>V where nothing else is said and there is a target, which is what ends the job: a bound against runaways.</summary>
    public const long DefaultProbesToTarget = 1_000_000;

    /// <summary>What is made of the quadratic forms. Default: <see cref="Estimator.Hutchinson"/>.</summary>
    public Estimator Estimator { get; init; } = Estimator.Hutchinson;

    /// <summary>The function whose curvature is asked for. Default: the built-in example.</summary>
    public RiskSource Risk { get; init; } = new();

    /// <summary>The matrix. Default: the Hessian.</summary>
    public CurvatureMatrix Matrix { get; init; } = CurvatureMatrix.Hessian;

    /// <summary>The matrix's structure. Default: block-diagonal.</summary>
    public BlockStructure Structure { get; init; } = BlockStructure.Block;

    /// <summary>How quadratic forms are computed; null (the default) for the fastest way that serves the model.</summary>
    public CurvatureMethod? Method { get; init; }

    /// <summary>
    /// Where probes are drawn; null for the space that serves the model best, as <see cref="CurvatureOptions.ProbeSpace"/> has it.
    /// Default: parameter space.
    /// </summary>
    public ProbeSpace? ProbeSpace { get; init; } = Curvature.Probes.ProbeSpace.Parameter;

    /// <summary>
    /// The distribution of random probes. Default: Rademacher. An exact trace takes basis vectors whatever this is.
    /// </summary>
    public ProbeDistribution Distribution { get; init; } = ProbeDistribution.Rademacher;

    /// <summary>
    /// V, how many random probes; at most so many where <see cref="RelativeError"/> is set. Default:
    /// <see cref="DefaultProbes"/>. An exact trace takes all basis vectors whatever this is.
    /// </summary>
    public long Probes { get; init; } = DefaultProbes;

    /// <summary>V_batch, the probes in a chunk; null (the default) for <see cref="DefaultVBatch"/>, or <see cref="DefaultVBatchToTarget"/>.</summary>
    public int? VBatch { get; init; }

    /// <summary>
    /// m, the steps of a Lanczos run; null (the default) for <see cref="SpectrumEstimator.DefaultSteps"/>. Other estimators have none.
    /// </summary>
    public int? LanczosSteps { get; init; }

    /// <summary>The most steps of a run: each keeps a vector of all parameters.</summary>
    public const int MostLanczosSteps = 1000;

    /// <summary>
    /// k, how many eigenvalues, of each end where both are meant; null (the default) for <see cref="EigenvalueOptions.DefaultCount"/>. Other estimators
    /// have none.
    /// </summary>
    public int? K { get; init; }

    /// <summary>The most eigenvalues: the search keeps three vectors of all parameters for each.</summary>
    public const int MostEigenvalues = 1000;

    /// <summary>Which eigenvalues; null (the default) for the largest.</summary>
    public SpectrumEnd? Which { get; init; }

    /// <summary>The seed of the probes. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>The arithmetic's number type. Default: float32.</summary>
    public Dtype Dtype { get; init; } = Dtype.Float32;

    /// <summary>
    /// The job stops once the confidence interval's half-width is at most this share of the trace; null (the default)
    /// for all <see cref="Probes"/>.
    /// </summary>
    public double? RelativeError { get; init; }

    /// <summary>The level of a confidence interval where nothing else is said.</summary>
    public const double DefaultConfidenceLevel = 0.95;

    /// <summary>The confidence interval's level. Default: 0.95.</summary>
    public double ConfidenceLevel { get; init; } = DefaultConfidenceLevel;

    /// <summary>
    /// How many probes of a job in single precision are evaluated in double precision too, to know the rounding error: none, or
    /// at least two; null (the default) for a few, by the number of <see cref="Probes"/>.
    /// </summary>
    public int? RoundingProbes { get; init; }

    /// <summary>
    /// The probes in every chunk but the last: a function of the spec alone, never of the workers, because a stack's
    /// height may show in the last bits of a result.
    /// </summary>
    [JsonIgnore]
    public int ChunkSize => (int)Math.Min(Estimator.TakesPart ? MostVBatch : VBatch ?? UsualVBatch, Estimator.Probes(Probes, long.MaxValue));

    private int UsualVBatch => Estimator.UsualVBatch is { } usual ? usual : Target is not null && HasSampleProbes ? DefaultVBatchToTarget : DefaultVBatch;

    /// <summary>Whether it is known that samples have probes of their own.</summary>
    private bool HasSampleProbes => ProbeSpace is Curvature.Probes.ProbeSpace.Output or Curvature.Probes.ProbeSpace.Prediction;

    /// <summary><see cref="RelativeError"/>, where the estimator may be satisfied with fewer probes than there are.</summary>
    [JsonIgnore]
    public double? Target => Estimator.IsExact || Estimator.TakesTurns || Estimator.TellsDiagonal ? null : Estimator.TakesPart ? RelativeError ?? SubsampleEstimator.DefaultRelativeError : RelativeError;

    /// <summary>
    /// What it has in common with the jobs that differ from it in nothing but when they end: the same probes in the same chunks, of
    /// which one job takes more than another. It is the job itself where the estimator's probes are not the first ones of a longer job.
    /// </summary>
    [JsonIgnore]
    public JobSpec WithoutEnd
    {
        get
        {
            if (!Estimator.IsExtensible) return this;
            // Where probes are drawn may be the workers' choice, and a target may show in the size of a chunk.
            var widest = this with { ProbeSpace = ProbeSpace ?? Curvature.Probes.ProbeSpace.Output };
            var endless = this with { RelativeError = null, ConfidenceLevel = DefaultConfidenceLevel };
            return Estimator.TakesPart ? endless : endless with { Probes = DefaultProbes, VBatch = VBatch ?? widest.UsualVBatch };
        }
    }

    /// <summary>
    /// How many probes are evaluated in both precisions: a function of the spec and the model alone. 0 for a job in double
    /// precision, and for one whose interval has no end in any case.
    /// </summary>
    /// <param name="most">How many one message has room for, wherever the worker is.</param>
    public int ComparedProbes(int most)
    {
        if (Dtype == Dtype.Float64 || Estimator.RunsLanczos || Estimator.TakesTurns || Estimator.TellsDiagonal) return 0;
        return most < RoundingError.FewestProbes ? 0 : Math.Min(RoundingProbes ?? Estimator.ComparedProbes(Probes), most);
    }

    /// <summary>Which eigenvalues are wanted, where they are. In single precision products are not good for the smallest residuals.</summary>
    [JsonIgnore]
    public EigenvalueOptions Eigenvalues => new()
    {
        Count = K ?? EigenvalueOptions.DefaultCount,
        End = Which ?? SpectrumEnd.Largest,
        Tolerance = RelativeError ?? (Dtype == Dtype.Float64 ? EigenvalueOptions.DefaultTolerance : EigenvalueOptions.DefaultSingleTolerance),
        Seed = Seed,
    };

    /// <summary>The part of the spec that a curvature operator is made from.</summary>
    /// <param name="memoryBudget">Bytes that a stack of probes may take; null for the default.</param>
    public CurvatureOptions CurvatureOptions(long? memoryBudget = null) => Estimator.Evaluated(new CurvatureOptions
    {
        Matrix = Matrix,
        Structure = Structure,
        Method = Method,
        ProbeSpace = ProbeSpace,
        Distribution = Distribution,
        Seed = Seed,
        MemoryBudget = memoryBudget,
        MostProbes = Estimator.TellsDiagonal ? Probes : long.MaxValue,
        LanczosSteps = Estimator.RunsLanczos ? LanczosSteps ?? SpectrumEstimator.DefaultSteps : null,
    });

    /// <summary>What is wrong with a number of probes that takes more chunks than a job can have; null where it does not.</summary>
    /// <param name="field">The option that says it.</param>
    /// <param name="probes">The number.</param>
    public Problem? TooMany(string field, long probes)
    {
        int chunk = Math.Clamp(VBatch ?? DefaultVBatch, 1, MostVBatch);
        return probes <= MostChunks * chunk ? null : Problem.Of(field, probes, string.Create(
            CultureInfo.InvariantCulture, $"must be at most {MostChunks * chunk} with --v-batch {chunk}: a job has at most 2^30 chunks"));
    }

    /// <summary>Everything that is wrong with the spec, in the order of its fields; nothing where it is right.</summary>
    public IReadOnlyList<Problem> Validate()
    {
        var problems = new List<Problem>(Risk.Validate());
        Check(problems, "matrix", Choices.Matrix, Matrix);
        Check(problems, "structure", Choices.Structure, Structure);
        if (Method is { } method) Check(problems, "method", Choices.Method, method);
        if (ProbeSpace is { } space) Check(problems, "probe-space", Choices.ProbeSpace, space);
        Check(problems, "dtype", Choices.Dtype, Dtype);
        if (VBatch < 1)
            problems.Add(Problem.Of("v-batch", VBatch.Value, "must be at least 1, or auto"));
        if (VBatch > MostVBatch)
            problems.Add(Problem.Of("v-batch", VBatch.Value, string.Create(CultureInfo.InvariantCulture, $"must be at most {MostVBatch}, or auto")));
        if (Estimator.TellsDiagonal && ProbeSpace == Curvature.Probes.ProbeSpace.Output)
            problems.Add(new Problem("probe-space", ProbeSpace.Value.Word(), "must be parameter, prediction or auto with diagonal"));
        if (HasSampleProbes) ValidateSampleSpace(problems);
        if (!Estimator.IsExact) ValidateEstimate(problems);
        // An exact trace has a rounding error, whose bound has a level.
        if (!(ConfidenceLevel > 0 && ConfidenceLevel < 1))
            problems.Add(Problem.Of("confidence-level", ConfidenceLevel, "must lie between 0 and 1, such as 0.95"));
        if (RoundingProbes is { } compared && compared != 0 && compared < RoundingError.FewestProbes)
            problems.Add(Problem.Of("rounding-probes", compared, RightRoundingProbes));
        return problems;
    }

    private void ValidateSampleSpace(List<Problem> problems)
    {
        if (Method is not (CurvatureMethod.Autodiff or CurvatureMethod.Hmp)) return;
        // The model is not known here: what serves any.
        string anyModel = "--probe-space parameter" + (Method is CurvatureMethod.Hmp ? " and --method auto" : "");
        problems.Add(new Problem("method", Method.Value.Word(), $"needs {anyModel}: {ProbeSpace!.Value.Word()} space has no Hessian-vector products"));
    }

    private void ValidateEstimate(List<Problem> problems)
    {
        Check(problems, "distribution", Choices.Distribution, Distribution);
        if (Probes < 1)
            problems.Add(Problem.Of("probes", Probes, "must be at least 1"));
        if (Estimator.TakesPart && Probes is < SubsampleEstimator.DefaultProbes or > MostVBatch)
            problems.Add(Problem.Of("probes", Probes, string.Create(CultureInfo.InvariantCulture, $"must be between {SubsampleEstimator.DefaultProbes} and {MostVBatch} with {Estimator}: those of a shard, which tell how much they vary")));
        if (Estimator.RunsLanczos && LanczosSteps is < 1 or > MostLanczosSteps)
            problems.Add(Problem.Of("lanczos-steps", LanczosSteps!.Value, string.Create(CultureInfo.InvariantCulture, $"must be between 1 and {MostLanczosSteps}")));
        if (Estimator.FindsEigenvalues) ValidateEigenvalues(problems);
        else if (Estimator.TakesTurns) ValidateProducts(problems);
        if (Estimator.TellsDiagonal && VBatch == 1)
            problems.Add(Problem.Of("v-batch", 1, "must be at least 2 with diagonal, or auto: two probes tell how much they vary"));
        if (TooMany("probes", Probes) is { } problem) problems.Add(problem);
        if (RelativeError is { } error && !(error > 0 && error < 1))
            problems.Add(Problem.Of("relative-error", error, "must lie between 0 and 1, such as 0.01 for 1 %"));
    }

    private void ValidateEigenvalues(List<Problem> problems)
    {
        if (Which is { } which) Check(problems, "which", Choices.SpectrumEnd, which);
        if (K is < 1 or > MostEigenvalues)
            problems.Add(Problem.Of("k", K!.Value, string.Create(CultureInfo.InvariantCulture, $"must be between 1 and {MostEigenvalues}")));
        int count = Eigenvalues.Count * (Eigenvalues.End == SpectrumEnd.Both ? 2 : 1);
        // Each is found, and multiplied once more.
        if (Probes < 2L * count)
            problems.Add(Problem.Of("probes", Probes, string.Create(CultureInfo.InvariantCulture, $"must be at least {2L * count}, two products for each of {count} eigenvalues")));
    }

    private void ValidateProducts(List<Problem> problems)
    {
        int vBatch = VBatch ?? UsualVBatch;
        if (Probes >= 1 && vBatch >= 1 && Probes < Estimator.FewestProbes(vBatch))
            problems.Add(Problem.Of("probes", Probes, string.Create(CultureInfo.InvariantCulture, $"must be at least {Estimator.FewestProbes(vBatch)} with {Estimator} and --v-batch {vBatch}: its turns are of whole chunks, and the last one tells the standard error")));
        if (RelativeError is { } error)
            problems.Add(Problem.Of("relative-error", error, $"has no meaning with {Estimator}, which takes all --probes: there is no estimate before the last"));
    }

    private static void Check<T>(List<Problem> problems, string field, Choice<T> choice, T value)
        where T : struct, Enum
    {
        if (!choice.Offers(value))
            problems.Add(new Problem(field, value.Word(), choice.Right));
    }
}
