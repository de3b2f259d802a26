using System.Globalization;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests.Chaos;

/// <summary>What is done to a process.</summary>
internal enum Blow
{
    /// <summary>SIGKILL.</summary>
    Kill,

    /// <summary>SIGTERM.</summary>
    Terminate,

    /// <summary>SIGSTOP, and SIGCONT some time later.</summary>
    Pause,
}

/// <summary>A start that does not get far: so many assemblies, then a signal.</summary>
internal sealed record FalseStart(Blow Blow, int Assemblies)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Blow} after {Assemblies} assemblies");
}

/// <summary>One blow.</summary>
/// <param name="Worker">Which worker; null for the coordinator.</param>
/// <param name="Blow">What is done.</param>
/// <param name="Chunks">How many more chunks are done before.</param>
/// <param name="Pause">How long it is stopped, where it is.</param>
/// <param name="FalseStarts">How the process that takes its place starts, before it does.</param>
/// <param name="Help">Whether another worker comes where the coordinator was struck: the old ones take their time.</param>
internal sealed record ChaosStep(int? Worker, Blow Blow, int Chunks, TimeSpan Pause, IReadOnlyList<FalseStart> FalseStarts, bool Help)
{
    public override string ToString()
    {
        string whom = Worker is { } number ? string.Create(CultureInfo.InvariantCulture, $"worker {number}") : "the coordinator";
        string pause = Blow == Blow.Pause ? string.Create(CultureInfo.InvariantCulture, $" for {Pause.TotalSeconds:0.0} s") : "";
        string starts = FalseStarts.Count == 0 ? "" : $" (then {string.Join(", ", FalseStarts)})";
        return string.Create(CultureInfo.InvariantCulture, $"after {Chunks} chunks {Blow} {whom}{pause}{starts}{(Help ? " and another worker comes" : "")}");
    }
}

/// <summary>All that is done in one round: a function of its seed alone.</summary>
internal sealed record ChaosPlan(int Seed, bool Tls, bool State, double VerifyFraction, IReadOnlyList<IReadOnlyList<FalseStart>> Workers, IReadOnlyList<FalseStart> Coordinator, IReadOnlyList<ChaosStep> Steps)
{
    /// <summary>The plan of a round.</summary>
    public static ChaosPlan Of(int seed)
    {
        var random = new Random(seed);
        bool tls = random.Next(2) == 0, state = random.Next(3) > 0;
        double verify = random.Next(3) == 0 ? 0.1 : 0;
        IReadOnlyList<FalseStart>[] workers = [.. Enumerable.Range(0, random.Next(4) == 0 ? 3 : 2).Select(_ => FalseStarts(random))];
        var coordinator = FalseStarts(random);
        ChaosStep[] steps = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Step(random, workers.Length, state))];
        return new ChaosPlan(seed, tls, state, verify, workers, coordinator, steps);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}: {(Tls ? "TLS" : "plain")}{(State ? ", resumed" : "")}{(VerifyFraction > 0 ? ", verified" : "")}, {Workers.Count} workers; ")
        + string.Join("; ", Starts().Concat(Steps.Select(step => step.ToString())));

    private IEnumerable<string> Starts()
    {
        if (Coordinator.Count > 0) yield return $"the coordinator starts with {string.Join(", ", Coordinator)}";
        for (int worker = 0; worker < Workers.Count; worker++)
        {
            if (Workers[worker].Count > 0)
                yield return string.Create(CultureInfo.InvariantCulture, $"worker {worker} starts with {string.Join(", ", Workers[worker])}");
        }
    }

    /// <summary>Without a state directory a coordinator's work is lost with it: then it is stopped alone.</summary>
    private static ChaosStep Step(Random random, int workers, bool state)
    {
        bool coordinator = random.Next(3) == 0;
        var blow = (Blow)random.Next(3);
        if (coordinator && !state) blow = Blow.Pause;
        // Shorter than the failure detectors bear, about as long, and longer.
        double pause = random.Next(4) switch { 0 => 4.5, 1 => 2.5, _ => 0.3 } + random.NextDouble();
        int chunks = random.Next(random.Next(2) == 0 ? 5 : 40);
        bool help = coordinator && blow != Blow.Pause && random.Next(4) > 0;
        return new ChaosStep(
            coordinator ? null : random.Next(workers), blow, chunks, TimeSpan.FromSeconds(pause),
            blow == Blow.Pause ? [] : FalseStarts(random), help);
    }

    private static FalseStart[] FalseStarts(Random random) => [.. Enumerable.Range(0, random.Next(5) == 0 ? random.Next(1, 3) : 0).Select(_ =>
        new FalseStart((Blow)random.Next(2), random.Next(random.Next(2) == 0 ? 16 : StartUp.MostAssemblies)))];
}
