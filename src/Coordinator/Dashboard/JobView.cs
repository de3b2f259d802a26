using ActorHutch.Curvature.Eigenvalues;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>A job as people look at it, as the page gets it: plain numbers, and no more of them than a page can show.</summary>
internal sealed record JobView
{
    /// <summary>Which process it is of: another one at the same address runs another job.</summary>
    public required Guid Run { get; init; }

    /// <summary>How far it is.</summary>
    public required ViewPhase Phase { get; init; }

    public required string Title { get; init; }

    /// <summary>Whether it is an exact trace, of which there is nothing to say before its last chunk.</summary>
    public required bool IsExact { get; init; }

    /// <summary>Whether what it finds has a trace.</summary>
    public required bool TellsTrace { get; init; }

    /// <summary>What its progress is counted in, one of them: «probe».</summary>
    public required string Unit { get; init; }

    /// <summary>The eigenvalues that are known so far; null where none are looked for, or known.</summary>
    public required EigenvaluesView? Eigenvalues { get; init; }

    public required IReadOnlyList<FactView> Facts { get; init; }

    /// <summary>The trace; null where nobody knows anything yet.</summary>
    public required TraceView? Trace { get; init; }

    /// <summary>The exact trace beside an estimate; null where it was not computed.</summary>
    public double? ExactTrace { get; init; }

    /// <summary>How far the probes are; null before the first chunk is out.</summary>
    public required ProgressView? Progress { get; init; }

    public required ChunksView Chunks { get; init; }

    public required IReadOnlyList<BlockView> Blocks { get; init; }

    /// <summary>Blocks that are not listed, because they are too many.</summary>
    public required int MoreBlocks { get; init; }

    public required WorkersView Workers { get; init; }

    /// <summary>What happened lately, the latest first.</summary>
    public required IReadOnlyList<NewsItem> News { get; init; }

    /// <summary>How it ended; null while it runs.</summary>
    public EndView? End { get; init; }
}

/// <summary>How far a job is.</summary>
internal enum ViewPhase
{
    /// <summary>There is no job yet: the cluster forms, or what earlier runs left is read.</summary>
    Starting,

    /// <summary>Workers prepare their replicas.</summary>
    Preparing,

    /// <summary>Chunks are out.</summary>
    Running,

    /// <summary>The result is there; what is computed beside it is not.</summary>
    Finishing,

    /// <summary>It is over.</summary>
    Ended,
}

/// <summary>Something that does not change while the job runs.</summary>
internal sealed record FactView(string Name, string Text);

/// <summary>A trace with its standard error and interval; 0 and the trace itself where it is exact, null where unknown.</summary>
internal sealed record TraceView(double Trace, double? StandardError, double? Level, double? Low, double? High, long Probes);

/// <summary>Eigenvalues.</summary>
/// <param name="Values">The largest first.</param>
/// <param name="Tolerance">The residual that each is to have at most.</param>
/// <param name="Measured">Whether the residuals are of products with the vectors themselves.</param>
internal sealed record EigenvaluesView(IReadOnlyList<Eigenvalue> Values, double Tolerance, bool Measured);

/// <summary>How far the probes are.</summary>
/// <param name="Probes">Probes of accepted chunks.</param>
/// <param name="Total">All of them.</param>
/// <param name="AtMost">Whether the job may be satisfied with fewer.</param>
/// <param name="ElapsedSeconds">Since the first chunk.</param>
/// <param name="SecondsLeft">By what is known so far; null where nothing is, or nothing is left.</param>
/// <param name="ProbesPerSecond">All workers together.</param>
internal sealed record ProgressView(
    long Probes, long Total, bool AtMost, double ElapsedSeconds, double? SecondsLeft, double ProbesPerSecond);

/// <summary>What became of the chunks.</summary>
internal sealed record ChunksView(
    long Done, long Left, long InFlight, long Reissued, long Copies, long Failed, long Duplicates, long Disagreements);

/// <summary>One diagonal block.</summary>
internal sealed record BlockView(string Name, double Trace, double StandardError);

/// <summary>The workers: how many in which state, and those of them that are shown.</summary>
/// <param name="States">The states that some worker is in.</param>
/// <param name="Rows">All of them, or where they are many, those that something is to be said of first.</param>
/// <param name="More">How many are not among the rows.</param>
internal sealed record WorkersView(IReadOnlyList<StateView> States, IReadOnlyList<WorkerView> Rows, int More);

/// <summary>How many workers are in a state.</summary>
internal sealed record StateView(WorkerStateName State, int Count);

/// <summary>One worker; its share is that of all accepted probes.</summary>
internal sealed record WorkerView(
    string Id, string Device, WorkerStateName State, string? Reason, long Chunks, long Probes, double ProbesPerSecond,
    double Share);

/// <summary>Something that happened.</summary>
/// <param name="Time">When it was seen.</param>
/// <param name="Mood">Whether it is good to hear.</param>
/// <param name="Text">What, as a sentence without its full stop.</param>
internal sealed record NewsItem(DateTimeOffset Time, NewsMood Mood, string Text);

/// <summary>Whether something is good to hear.</summary>
internal enum NewsMood
{
    Plain,
    Good,
    Bad,
}

/// <summary>How a job ended.</summary>
/// <param name="Reason">The report's word for it.</param>
/// <param name="Text">A sentence for people.</param>
internal sealed record EndView(string Reason, string Text);
