using ActorHutch.Fakes;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>A model that is a program, on a cluster: workers run it where they were told to, and nowhere else.</summary>
public sealed class TorchScriptTests : IDisposable
{
    private const string Write = """
        import sys, torch
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
        torch.jit.save(torch.jit.script(model), sys.argv[1])
        """;

    private readonly ModelFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task It_is_refused_with_the_way_out_and_run_by_a_worker_that_allows_it()
    {
        string model = _files.PathOf("model.pt");
        Assert.Equal(0, PythonWithTorch.Run(PythonWithTorch.OrSkip(), Write, model));
        string[] job = ["estimate", "--model", model, "--data", _files.PathOf("data.safetensors"), "--probes", "50", "--v-batch", "7", "--json"];
        await using var local = ProgramRun.Start("actorhutch", null, [.. job, "--workers", "1", "--device", "cpu"]);
        Assert.Equal(0, await local.ExitAsync());

        await using var cluster = new TestCluster();
        await using var coordinator = ProgramRun.Start("actorhutch", null, [.. job, "--cluster", "--listen", cluster.Address]);
        cluster.Worker("careful", "--cache", _files.PathOf("cache-careful"));
        await coordinator.LogsAsync(
            "model.pt is a TorchScript program, and worker careful runs no programs from a coordinator: start it with --allow-torchscript");

        cluster.Worker("willing", "--cache", _files.PathOf("cache-willing"), "--allow-torchscript");

        Assert.Equal(0, await coordinator.ExitAsync());
        var report = JobReport.Of(coordinator);
        Assert.Equal(JobReport.Of(local).Bits, report.Bits);
        Assert.Equal(
            ["careful", "willing"], report.Json.GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("id").GetString()).Order());
    }

    [Fact]
    public async Task Where_nobody_allows_it_the_job_ends_and_says_why_of_each_worker()
    {
        string model = _files.PathOf("model.pt");
        Assert.Equal(0, PythonWithTorch.Run(PythonWithTorch.OrSkip(), Write, model));
        await using var cluster = new TestCluster();
        cluster.Worker("careful", "--cache", _files.PathOf("cache"));

        await using var coordinator = ProgramRun.Start(
            "actorhutch", null,
            ["estimate", "--model", model, "--data", _files.PathOf("data.safetensors"), "--cluster", "--listen", cluster.Address, "--join-timeout", "30"]);

        Assert.Equal(3, await coordinator.ExitAsync());
        Assert.Contains(coordinator.Log, line => line.StartsWith("  careful: model.pt is a TorchScript program", StringComparison.Ordinal));
    }
}
