using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// What is made of quadratic forms: which of them are evaluated, how many there are, and what their values, folded in the
/// order of the probes, come to. Who distributes the work knows an estimator by its number of probes alone.
/// </summary>
public abstract class Estimator
{
    private protected Estimator()
    {
    }

    /// <summary>The mean over random probes.</summary>
    public static Estimator Hutchinson { get; } = new HutchinsonEstimator();

    /// <summary>The sum over all basis vectors.</summary>
    public static Estimator Exact { get; } = new ExactTrace();

    /// <summary>The mean over random shards of the samples, with random probes of each.</summary>
    public static Estimator Subsample { get; } = new SubsampleEstimator();

    /// <summary>The density of the eigenvalues.</summary>
    public static Estimator Spectrum { get; } = new SpectrumEstimator();

    /// <summary>The outermost eigenvalues.</summary>
    public static Estimator Eigenvalues { get; } = new EigenvaluesEstimator();

    /// <summary>The diagonal.</summary>
    public static Estimator Diagonal { get; } = new DiagonalEstimator();

    /// <summary>The trace by XTrace.</summary>
    public static Estimator XTrace { get; } = new XTraceEstimator();

    /// <summary>The trace by Hutch++.</summary>
    public static Estimator HutchPlusPlus { get; } = new HutchPlusPlusEstimator();

    /// <summary>All of them, the default first.</summary>
    public static IReadOnlyList<Estimator> All { get; } = [Hutchinson, Exact, Subsample, Spectrum, Eigenvalues, Diagonal, XTrace, HutchPlusPlus];

    /// <summary>What it is called by: a lower-case word.</summary>
    public abstract string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public abstract string Summary { get; }

    /// <summary>What it finds, as a title has it.</summary>
    public abstract string Quantity { get; }

    /// <summary>What one of the values is called whose number a result tells.</summary>
    public abstract string Unit { get; }

    /// <summary>
    /// Whether its result has no sampling error. It then takes all of its probes, and there is no result before the last of them.
    /// </summary>
    public abstract bool IsExact { get; }

    /// <summary>
    /// Whether a part of the samples may be enough: shards are visited in a random order, each has all probes at once and its own, and
    /// <see cref="ShardSample"/> folds them.
    /// </summary>
    public virtual bool TakesPart => false;

    /// <summary>
    /// Whether the vectors of a range of chunks depend on what the ranges before it came to, so that they go out one after another, with the
    /// vectors that the fold says.
    /// </summary>
    public virtual bool TakesTurns => false;

    /// <summary>Whether the values of a job's first probes are those of a shorter job, so that it can go on from there.</summary>
    public bool IsExtensible => !TakesTurns && !TellsDiagonal;

    /// <summary>Whether what it finds are eigenvalues.</summary>
    public virtual bool FindsEigenvalues => false;

    /// <summary>Whether what it finds is the diagonal, with two rows for the probes of a chunk, and probes of each shard's own.</summary>
    public virtual bool TellsDiagonal => false;

    /// <summary>How many rows of values a chunk of so many probes has.</summary>
    public virtual int RowsOf(int probes) => probes;

    /// <summary>Whether what it finds has a trace.</summary>
    public virtual bool TellsTrace => true;

    /// <summary>Whether the trace is what it finds, and not beside something else.</summary>
    public bool FindsTrace => TellsTrace && !RunsLanczos && !TellsDiagonal;

    /// <summary>Whether a probe is a run of the Lanczos recurrence, and its values are nodes and weights.</summary>
    public virtual bool RunsLanczos => false;

    /// <summary>How many probes where nobody says a number; null for what is usual.</summary>
    public virtual long? UsualProbes => null;

    /// <summary>How many probes it takes at least.</summary>
    /// <param name="vBatch">V_batch, the probes in a chunk.</param>
    public virtual long FewestProbes(int vBatch) => 1;

    /// <summary>How many probes in a chunk where nobody says a number; null for what is usual.</summary>
    public virtual int? UsualVBatch => null;

    /// <summary>How much of the matrix where nobody says it.</summary>
    public virtual BlockStructure UsualStructure => BlockStructure.Block;

    /// <summary>How many samples in a shard where nobody says it; null for what is usual.</summary>
    public virtual long? UsualShard => null;

    /// <summary>Whether probes, or the vectors in their place, are in parameter space alone.</summary>
    public virtual bool IsInParameterSpace => false;

    /// <summary>What is evaluated.</summary>
    /// <param name="options">What is asked for.</param>
    public virtual CurvatureOptions Evaluated(CurvatureOptions options) => options;

    /// <summary>How many probes there are.</summary>
    /// <param name="asked">V, the number of random probes that is asked for.</param>
    /// <param name="basisCount">How many basis vectors the quadratic form has.</param>
    public abstract long Probes(long asked, long basisCount);

    /// <summary>How many probes tell the rounding error of single precision where nobody says; 0 for none.</summary>
    /// <param name="probes">V, the number of random probes that is asked for.</param>
    public abstract int ComparedProbes(long probes);

    /// <summary>
    /// The half-width that the interval is expected to have in double precision; where a result has no interval, the error
    /// that is expected of it at most.
    /// </summary>
    /// <param name="sample">Some of the probes' vᵀHv.</param>
    /// <param name="probes">V, the number of random probes that is asked for.</param>
    /// <param name="level">The interval's level.</param>
    /// <param name="relativeError">The half-width, as a share of the trace, at which the job stops; null for none.</param>
    public abstract double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError);

    /// <summary>What the chunks' values are folded by.</summary>
    /// <param name="options">What the values are of.</param>
    public abstract ValuesFold NewFold(FoldOptions options);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
