using System.Globalization;

namespace ActorHutch.Process.Tests.Chaos;

/// <summary>
/// Seeded rounds in which workers and coordinator are killed, stopped and told to go, while they start too: every job
/// comes to its end, and every one has the same bits. <c>tests/chaos ROUNDS FIRST-SEED</c> runs more, or one again.
/// </summary>
public sealed class ChaosTests(ChaosJob job) : IClassFixture<ChaosJob>
{
    /// <summary>So many rounds at once: each waits most of its time.</summary>
    private const int Together = 2;

    public static TheoryData<int[]> Seeds =>
        [.. Enumerable.Range(Number("ACTORHUTCH_CHAOS_SEED", 1), Number("ACTORHUTCH_CHAOS_ROUNDS", 20)).Chunk(Together)];

    [Theory, MemberData(nameof(Seeds))]
    public async Task A_job_ends_with_the_same_bits_whatever_becomes_of_its_processes(int[] seeds)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /proc, which tells how far a process is.");
        await Task.WhenAll(seeds.Select(PlayAsync));
    }

    private async Task PlayAsync(int seed)
    {
        var plan = ChaosPlan.Of(seed);
        await using var round = new ChaosRound(plan);

        var report = await round.RunAsync();

        TestContext.Current.TestOutputHelper?.WriteLine($"{plan}: {round.Processes} processes");
        Assert.True(job.Bits == report.Bits, $"{plan}\n{report.Bits}\nand not\n{job.Bits}");
        Assert.Equal(ChaosJob.Chunks, report.Chunks("completed"));
        Assert.Equal(0, report.Chunks("disagreements"));
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
