using System.Globalization;
using System.Text.Json.Serialization;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using static ActorHutch.Shared.Options.OptionEntry;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>Estimates against the number of probes, for several seeds.</summary>
/// <param name="Seeds">How many runs; their seeds follow one another from the job's.</param>
/// <param name="From">The fewest probes.</param>
/// <param name="To">The most, which each run has.</param>
/// <param name="Steps">How many numbers of probes, their logarithms evenly spaced.</param>
internal sealed record AccuracyPlan(int Seeds = 15, long From = 10, long To = 1000, int Steps = 30)
{
    private const int MostSeeds = 10_000;
    private const int MostSteps = 10_000;

    /// <summary>The options of a plan. Values that are the defaults are not written.</summary>
    public static IEnumerable<OptionEntry<AccuracyPlan>> Options { get; } = new[]
    {
        Of("seeds", "The number of runs, with seeds from --seed on", "15", Formats.Number<int>(right: "must be a whole number, at least 2"),
            (AccuracyPlan plan) => plan.Seeds, (plan, value) => plan with { Seeds = value }),
        Of("from", "The smallest number of probes", "10", Formats.Number<long>("V"), (AccuracyPlan plan) => plan.From, (plan, value) => plan with { From = value }),
        Of("to", "The largest number of probes, which each run computes", "1000", Formats.Number<long>("V", "must be a whole number above --from"),
            (AccuracyPlan plan) => plan.To, (plan, value) => plan with { To = value }),
        Of("steps", "How many numbers of probes between them, evenly spaced on a logarithmic axis", "30", Formats.Number<int>(right: "must be a whole number, at least 2"),
            (AccuracyPlan plan) => plan.Steps, (plan, value) => plan with { Steps = value }),
    }.Select(entry => entry.Unless(new AccuracyPlan()));

    /// <summary>All runs' probes together.</summary>
    [JsonIgnore]
    public long AllProbes => (long)Int128.Min((Int128)To * Seeds, long.MaxValue);

    /// <summary>Everything that is wrong with it.</summary>
    /// <param name="common">What all runs have in common.</param>
    public IEnumerable<Problem> Validate(JobSpec common)
    {
        if (Seeds is < 2 or > MostSeeds)
            yield return Problem.Of("seeds", Seeds, "must be a whole number from 2 to 10000: a spread takes two");
        if (From < 1) yield return Problem.Of("from", From, "must be a whole number, at least 1");
        if (To < 2 || To <= From)
            yield return Problem.Of("to", To, string.Create(CultureInfo.InvariantCulture, $"must be a whole number above --from, which is {From}"));
        if (common.TooMany("to", To) is { } problem) yield return problem;
        if (Steps is < 2 or > MostSteps) yield return Problem.Of("steps", Steps, "must be a whole number from 2 to 10000");
    }

    /// <summary>The job of one run.</summary>
    /// <param name="common">What all runs have in common; its seed is the first one's.</param>
    /// <param name="run">Which, from 0.</param>
    public JobSpec Spec(JobSpec common, int run) =>
        common with { Probes = To, RelativeError = null, Seed = unchecked(common.Seed + (ulong)run), RoundingProbes = 0 };
}
