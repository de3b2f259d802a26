using ActorHutch.Fakes;
using ActorHutch.Mnist;

namespace ActorHutch.Process.Tests;

/// <summary>More data than is computed with at a time takes no more memory.</summary>
public sealed class MicroBatchMemoryTests
{
    /// <summary>The training set in double precision would take 376 MB.</summary>
    private const long Slack = 100L << 20;

    /// <summary>
    /// The C library keeps some hundred megabytes of what large tensors leave behind, sometimes more and sometimes less.
    /// What it is told here makes it give everything back, so that what is seen is what the program holds.
    /// </summary>
    private static readonly Dictionary<string, string> NothingKept = new()
    {
        ["MALLOC_ARENA_MAX"] = "1",
        ["MALLOC_MMAP_THRESHOLD_"] = "65536",
    };

    [Fact]
    public async Task Sixty_thousand_samples_take_the_memory_of_two_thousand()
    {
        string[] data = ["--inputs", MnistFiles.TrainImagesOrSkip, "--targets", MnistFiles.TrainLabelsOrSkip, "--normalize", "0.1307,0.3081"];
        using var files = new ModelFiles(inputs: 784, classes: 10);
        string[] job = ["exact", .. files.ModelOptions, .. data, "--micro-batch", "2000", "--dtype", "float64", "--workers", "1", "--device", "cpu", "--json"];

        await using var few = ProgramRun.StartWith("actorhutch", NothingKept, [.. job, "--samples", "2000"]);
        long least = await few.PeakMemoryAsync();
        await using var all = ProgramRun.StartWith("actorhutch", NothingKept, job);
        long most = await all.PeakMemoryAsync();

        Assert.Equal((0, 0), (await few.ExitAsync(), await all.ExitAsync()));
        Assert.Equal(60_000, JobReport.Of(all).Json.GetProperty("model").GetProperty("samples").GetInt64());
        Assert.InRange(least, 50L << 20, 2L << 30);
        Assert.InRange(most, least - Slack, least + Slack);
    }
}
