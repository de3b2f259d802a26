using System.Globalization;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fakes;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>A user's own model and data on a cluster whose workers have none of it.</summary>
public sealed class ModelFilesTests
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task Workers_fetch_what_they_lack_and_compute_what_local_mode_computes(bool inShards)
    {
        using var files = new ModelFiles();
        string weights = inShards ? files.WriteShards("weights.safetensors", "shards") : files.PathOf("weights.safetensors");
        string[] job = ["estimate", "--model", files.PathOf("model.json"), "--weights", weights, "--data", files.PathOf("data.safetensors"), "--probes", "300", "--v-batch", "7", "--micro-batch", "9", "--json"];
        await using var local = ProgramRun.Start("actorhutch", null, [.. job, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await local.ExitAsync());
        string expected = JobReport.Of(local).Bits;

        await using var cluster = new TestCluster();
        // Workers that stay serve the second run from what the first one brought.
        foreach (string id in (string[])["a", "b"]) cluster.Worker(id, "--cache", files.PathOf("cache-" + id));
        for (int run = 1; run <= 2; run++)
        {
            await using var coordinator = ProgramRun.Start(
                "actorhutch", null, [.. job, "--cluster", "--min-workers", "2", "--listen", cluster.Address, "--log-level", "information"]);
            Assert.Equal(0, await coordinator.ExitAsync());

            var report = JobReport.Of(coordinator);
            Assert.Equal(expected, report.Bits);
            Assert.All(
                report.Json.GetProperty("workers").EnumerateArray(),
                worker => Assert.True(worker.GetProperty("transferSeconds").GetDouble() > 0));
            Assert.Equal(3, Directory.GetFiles(files.PathOf("cache-a")).Length);
            Assert.Equal(3, Directory.GetFiles(files.PathOf("cache-b")).Length);
        }
    }

    /// <summary>
    /// A sample of 200,000 bytes, and segments of 1,048,576: ten samples are in the first two, and the targets in the last.
    /// </summary>
    [Fact]
    public async Task Workers_fetch_those_segments_of_the_data_that_they_read_and_later_those_that_they_lack()
    {
        using var files = new ModelFiles(inputs: 50_000);
        long length = new FileInfo(files.PathOf("data.safetensors")).Length, segment = SegmentHashes.SegmentSize, last = length % segment, list = SegmentHashes.ListLength(length);
        string[] job = ["estimate", .. files.Options, "--probes", "20", "--v-batch", "2", "--json"];
        await using var cluster = new TestCluster();
        ProgramRun[] workers = [.. ((string[])["a", "b"]).Select(id => cluster.Worker(id, "--cache", files.PathOf("cache-" + id)))];
        foreach (var (samples, fetched) in ((int, long)[])[(10, list + (2 << 20) + last), (40, length - (2 << 20) - last)])
        {
            string[] part = [.. job, "--samples", samples.ToString(CultureInfo.InvariantCulture)];
            await using var local = ProgramRun.Start("actorhutch", null, [.. part, "--workers", "1", "--device", "cpu"]);
            Assert.Equal(0, await local.ExitAsync());
            await using var coordinator = ProgramRun.Start(
                "actorhutch", null, [.. part, "--cluster", "--min-workers", "2", "--listen", cluster.Address]);
            Assert.Equal(0, await coordinator.ExitAsync());

            Assert.Equal(JobReport.Of(local).Bits, JobReport.Of(coordinator).Bits);
            foreach (var worker in workers)
                await worker.LogsAsync(string.Create(CultureInfo.InvariantCulture, $"fetched {fetched} bytes of data.safetensors, which has {length}, for job"));
        }
    }

    /// <summary>Ten samples are in three segments at most. Every worker prepares with the first shard.</summary>
    [Theory]
    [InlineData("exact")]
    [InlineData("estimate", "--probes", "30", "--v-batch", "10")]
    public async Task A_worker_fetches_the_shards_that_it_computes_and_the_bits_are_those_of_one(params string[] command)
    {
        using var files = new ModelFiles(inputs: 50_000);
        string[] job = [.. command, .. files.Options, "--shard", "10", "--json"];
        await using var local = ProgramRun.Start("actorhutch", null, [.. job, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await local.ExitAsync());
        await using var cluster = new TestCluster();
        ProgramRun[] workers = [.. ((string[])["a", "b"]).Select(id => cluster.Worker(id, "--cache", files.PathOf("cache-" + id)))];
        await using var coordinator = ProgramRun.Start("actorhutch", null, [.. job, "--cluster", "--min-workers", "2", "--listen", cluster.Address]);
        Assert.Equal(0, await coordinator.ExitAsync());

        var report = JobReport.Of(coordinator);
        Assert.Equal(JobReport.Of(local).Bits, report.Bits);
        Assert.Equal(command[0] == "exact" ? 4 : 12, report.Chunks("completed"));
        // No worker of an exact trace, which passes over the samples once, has more than its shards and the first.
        foreach (var (worker, run) in report.Json.GetProperty("workers").EnumerateArray().OrderBy(worker => worker.GetProperty("id").GetString()).Zip(workers))
        {
            await run.LogsAsync("bytes of data.safetensors, which has");
            long fetched = long.Parse(
                run.Log.Last(line => line.Contains("bytes of data.safetensors", StringComparison.Ordinal)).Split(" fetched ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
            long shards = worker.GetProperty("chunks").GetInt64() + 1;
            if (command[0] == "exact") Assert.InRange(fetched, 2 << 20, (shards * 3 << 20) + (1 << 20));
        }
    }

    [Fact]
    public async Task What_is_wrong_with_a_model_is_bad_input_on_a_cluster_too()
    {
        using var files = new ModelFiles();
        await File.WriteAllTextAsync(
            files.PathOf("model.json"), """{ "type": "Sequential", "layers": [ { "type": "Lineer" } ] }""", TestContext.Current.CancellationToken);
        await using var cluster = new TestCluster();
        cluster.Worker("a", "--cache", files.PathOf("cache"));

        await using var coordinator = ProgramRun.Start(
            "actorhutch", null, ["estimate", .. files.Options, "--cluster", "--listen", cluster.Address]);

        Assert.Equal(2, await coordinator.ExitAsync());
        Assert.Contains(coordinator.Log, line => line.Contains("model.json describes no model", StringComparison.Ordinal));
        Assert.DoesNotContain(coordinator.Log, line => line.Contains("cache", StringComparison.Ordinal));
    }

    /// <summary>The hash is that of before, and what the workers would fetch is something else.</summary>
    [Fact]
    public async Task A_file_that_changes_before_workers_fetch_it_ends_the_job_and_is_named()
    {
        using var files = new ModelFiles(inputs: 50_000);
        string data = files.PathOf("data.safetensors");
        await using var cluster = new TestCluster();
        await using var coordinator = ProgramRun.Start(
            "actorhutch", null, ["estimate", .. files.Options, "--cluster", "--listen", cluster.Address, "--log-level", "information"]);
        await coordinator.LogsAsync("The coordinator's node is");
        using (var file = File.OpenHandle(data, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            RandomAccess.Write(file, [1, 2, 3], RandomAccess.GetLength(file) / 2);

        cluster.Worker("a", "--cache", files.PathOf("cache"));

        Assert.Equal(2, await coordinator.ExitAsync());
        Assert.Equal("", coordinator.Output.Trim());
        Assert.Contains(coordinator.Log, line =>
            line.StartsWith($"{data}: bytes ", StringComparison.Ordinal) && line.Contains("have changed since the file was hashed", StringComparison.Ordinal));
    }
}
