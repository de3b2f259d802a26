using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>What a world is like.</summary>
internal sealed record WorldPlan
{
    /// <summary>The job.</summary>
    public JobSpec Spec { get; init; } = new() { Probes = 200, VBatch = 7, Seed = 5 };

    /// <summary>What it puts up with.</summary>
    public JobPolicy Policy { get; init; } = new() { MaxSilence = 5, WorkerWait = TimeSpan.FromHours(2) };

    /// <summary>The workers' names, and how they behave.</summary>
    public required IReadOnlyList<(string Id, Conduct Conduct)> Workers { get; init; }

    /// <summary>Whether the coordinator has a journal, and may die.</summary>
    public bool IsJournaled { get; init; }

    /// <summary>What a chunk takes, at most.</summary>
    public TimeSpan ChunkTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The share of messages that are lost.</summary>
    public double Loss { get; init; }

    /// <summary>The share of messages that arrive twice.</summary>
    public double Duplicates { get; init; }

    /// <summary>The share of messages that overtake others.</summary>
    public double Overtaking { get; init; }

    /// <summary>How likely something breaks in a step.</summary>
    public double Breakage { get; init; }

    /// <summary>How likely time passes in a step though there is something to do.</summary>
    public double Haste { get; init; } = 0.02;

    /// <summary>For how many steps things break.</summary>
    public int BreakingSteps { get; init; }

    /// <summary>How many computations fail by chance.</summary>
    public int ChanceFailures { get; init; }

    /// <summary>A world of every kind.</summary>
    public static WorldPlan Any(Random random)
    {
        bool Chance(double chance) => random.NextDouble() < chance;
        double Some(double most) => Chance(0.4) ? 0 : most * random.NextDouble();

        int good = random.Next(2, 5);
        List<(string, Conduct)> workers = [.. Enumerable.Range(1, good).Select(i => ($"good-{i}", Chance(0.2) ? Conduct.Slow : Conduct.Good))];
        for (int bad = random.Next(3); bad > 0; bad--) workers.Add(($"bad-{bad}", Conducts.Bad[random.Next(Conducts.Bad.Count)]));
        // Two that say the same wrong thing would be believed.
        if (workers.Count(worker => worker.Item2 >= Conduct.LiesAboutItsKind) > 1) workers.RemoveAt(workers.Count - 1);
        // Where one is not what it says, two others must be there to say so.
        int minWorkers = workers.Any(worker => worker.Item2 >= Conduct.LiesAboutItsKind) ? good + 1 : random.Next(1, good + 1);
        var plan = new WorldPlan
        {
            Spec = new JobSpec
            {
                Estimator = Chance(0.1) ? Estimator.Exact : Estimator.Hutchinson,
                Probes = random.Next(30, 250),
                VBatch = random.Next(3, 12),
                Seed = (ulong)random.Next(1000),
                RelativeError = Chance(0.2) ? 0.02 : null,
            },
            Policy = new JobPolicy
            {
                MinWorkers = minWorkers,
                WorkerWait = TimeSpan.FromHours(2),
                CopySlowest = Chance(0.5),
                VerifyFraction = Chance(0.5) ? 0 : Chance(0.5) ? 0.2 : 1,
                MaxSilence = 5,
                KeepsRecord = Chance(0.2),
            },
            Workers = [.. workers.OrderBy(_ => random.Next())],
            IsJournaled = Chance(0.5),
            ChunkTime = TimeSpan.FromSeconds(Some(10)),
            Loss = Some(0.05),
            Duplicates = Some(0.05),
            Overtaking = Some(0.05),
            Breakage = Some(0.02),
            Haste = 0.2 * random.NextDouble() * random.NextDouble(),
            BreakingSteps = random.Next(100, 3000),
            ChanceFailures = random.Next(3),
        };

        if (Chance(0.15))
        {
            return plan with
            {
                Spec = plan.Spec with
                {
                    Estimator = Estimator.Subsample,
                    Probes = random.Next(2, 6),
                    VBatch = null,
                    Risk = new RiskSource { Shard = random.Next(1, 3), Reduction = Chance(0.2) ? Reduction.Sum : Reduction.Mean },
                },
            };
        }

        if (Chance(0.15))
        {
            return plan with
            {
                Spec = plan.Spec with
                {
                    Estimator = random.Next(4) switch { 0 => Estimator.XTrace, 1 => Estimator.HutchPlusPlus, _ => Estimator.Eigenvalues },
                    // Too few to converge, now and then.
                    Probes = random.Next(20, 120),
                    VBatch = Chance(0.5) ? null : random.Next(1, 4),
                    K = random.Next(1, 4),
                    Which = (SpectrumEnd)random.Next(3),
                    RelativeError = null,
                    Risk = Chance(0.3) ? new RiskSource() : new RiskSource { Shard = random.Next(2) == 0 ? 1 : 3, Reduction = Chance(0.2) ? Reduction.Sum : Reduction.Mean },
                },
            };
        }

        // Shards of one sample each, or of three and of one.
        return !Chance(0.5) ? plan : plan with
        {
            Spec = plan.Spec with { Risk = new RiskSource { Shard = random.Next(2) == 0 ? 1 : 3, Reduction = Chance(0.2) ? Reduction.Sum : Reduction.Mean } },
        };
    }
}
