using ActorHutch.Fakes;
using ActorHutch.Kubernetes.Tests.Manifests;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>
/// The <c>cpu</c> overlay's pods, run as they stand: their commands, arguments, environment, volumes and users, on hosts
/// of their own. Needs root, iproute2 and util-linux.
/// </summary>
public sealed class PodTests(TlsSecret secret, Reference reference)
{
    private static readonly Subnet Ipv4 = new("ak", "10.213.78.", 24);
    private static readonly Subnet Ipv6 = new("ak", "fd00:213:78::", 64);

    private readonly Overlay _overlay = Overlay.RenderOrSkip("cpu");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_job_completes_and_so_do_all_pods(bool ipv6Only)
    {
        await using var node = Node.MakeOrSkip(_overlay, secret, ipv6Only ? Ipv6 : Ipv4);
        var workers = StartWorkers(node);
        var coordinator = node.Start(_overlay.Coordinator);

        await AssertDone(_overlay.Coordinator, coordinator);
        foreach (var worker in workers) await AssertDone(_overlay.Workers, worker);
        await AssertTrace(node, coordinator);
    }

    /// <summary>Killed, or moved: told to go, as when its node is drained.</summary>
    [Theory]
    [InlineData(9, 137, PodEnd.ReplacedAndCounted)]
    [InlineData(15, 130, PodEnd.Replaced)]
    internal async Task A_coordinator_goes_on_where_the_last_one_was(int signal, int exitCode, PodEnd end)
    {
        await using var node = Node.MakeOrSkip(_overlay, secret, Ipv4);
        var workers = StartWorkers(node);
        var first = node.Start(_overlay.Coordinator);
        await ComputesAsync(first);
        first.Signal(signal);
        Assert.Equal(exitCode, await first.ExitAsync());
        Assert.Equal(end, PodEnds.Of(_overlay.Coordinator, exitCode));

        var second = node.Start(_overlay.Coordinator);

        await AssertDone(_overlay.Coordinator, second);
        Assert.True(second.Log.Any(line => line.EndsWith("were in the state directory.", StringComparison.Ordinal)), second.ToString());
        foreach (var worker in workers) await AssertDone(_overlay.Workers, worker);
        await AssertTrace(node, second);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_go_hands_back_its_work_and_comes_back_under_its_name()
    {
        await using var node = Node.MakeOrSkip(_overlay, secret, Ipv4);
        var workers = StartWorkers(node);
        var coordinator = node.Start(_overlay.Coordinator);
        await ComputesAsync(coordinator);
        // One that is there: the job may be done before a late one is.
        string Registered(int index) => $"Worker actorhutch-worker-{index} on cpu registered";
        int leaving = workers.FindIndex(worker => coordinator.Log.Any(line => line.Contains(Registered(workers.IndexOf(worker)), StringComparison.Ordinal)));
        workers[leaving].Signal(15);
        int exitCode = await workers[leaving].ExitAsync();
        Assert.Equal((130, PodEnd.Replaced), (exitCode, PodEnds.Of(_overlay.Workers, exitCode)));
        await coordinator.LogsAsync($"Worker actorhutch-worker-{leaving} is gone: it left");

        workers[leaving] = node.Start(_overlay.Workers, leaving);

        await coordinator.LogsAsync(Registered(leaving), times: 2);
        await AssertDone(_overlay.Coordinator, coordinator);
        foreach (var worker in workers) await AssertDone(_overlay.Workers, worker);
        await AssertTrace(node, coordinator);
    }

    [Fact]
    public async Task A_coordinator_that_finds_all_done_says_so_to_workers_that_were_not_told()
    {
        await using var node = Node.MakeOrSkip(_overlay, secret, Ipv4);
        var first = node.Start(_overlay.Coordinator);
        await AssertDone(_overlay.Workers, node.Start(_overlay.Workers));
        await AssertDone(_overlay.Coordinator, first);

        var late = node.Start(_overlay.Workers);
        var second = node.Start(_overlay.Coordinator);

        await AssertDone(_overlay.Coordinator, second);
        await AssertDone(_overlay.Workers, late);
        // Each took its own time in all.
        string Result(ProgramRun run) => string.Join('\n', run.Output.Split('\n').Where(line => !line.StartsWith("  time ", StringComparison.Ordinal)));
        Assert.Equal(Result(first), Result(second));
    }

    [Fact]
    public async Task A_long_lived_worker_serves_one_job_after_another_until_it_is_told_to_go()
    {
        await using var node = Node.MakeOrSkip(_overlay, secret, Ipv4);
        var worker = node.Start(Overlay.RenderOrSkip("long-lived").Workers);
        var first = node.Start(_overlay.Coordinator);
        await AssertDone(_overlay.Coordinator, first);

        node.Forget(_overlay.The<V1PersistentVolumeClaim>().Metadata.Name);
        var second = node.Start(_overlay.Coordinator);
        await ComputesAsync(second);

        // A StatefulSet's pod is replaced whatever its exit code, which says that nothing went wrong.
        worker.Signal(15);
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task A_model_of_ones_own_comes_from_a_volume_and_workers_get_it_from_the_coordinator()
    {
        var overlay = Overlay.RenderOrSkip("own-model");
        await using var node = Node.MakeOrSkip(overlay, secret, Ipv4);
        using var model = new ModelFiles();
        model.CopyTo(Directory.CreateDirectory(node.Claim("actorhutch-model")).FullName);
        // In one process, on the files where they are here.
        string job = model.PathOf("job.json");
        await File.WriteAllTextAsync(job, Reference.WithoutReport(overlay.The<V1ConfigMap>().Data["job.json"]).Replace(
            "/model/", model.Folder + "/", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await using var local = ProgramRun.Start("actorhutch", null, "--job", job, "--device", "cpu");
        Assert.Equal(0, await local.ExitAsync());

        var worker = node.Start(overlay.Workers);
        var coordinator = node.Start(overlay.Coordinator);

        await AssertDone(overlay.Coordinator, coordinator);
        await AssertDone(overlay.Workers, worker);
        Assert.Equal(Numbers(local), Numbers(coordinator));

        static IEnumerable<string> Numbers(ProgramRun run)
        {
            string[] lines = [.. run.Output.Split('\n').Where(line => line.StartsWith("  trace", StringComparison.Ordinal)
                || line.StartsWith("  95 %", StringComparison.Ordinal) || line.StartsWith("  exact", StringComparison.Ordinal))];
            Assert.Equal(3, lines.Length);
            return lines;
        }
    }

    private List<ProgramRun> StartWorkers(Node node) =>
        [.. Enumerable.Range(0, _overlay.Workers.Pods).Select(index => node.Start(_overlay.Workers, index))];

    /// <summary>Waits until something is done, and kept.</summary>
    private static Task ComputesAsync(ProgramRun coordinator) => coordinator.LogsAsync("probes done");

    private static async Task AssertDone(Workload workload, ProgramRun run)
    {
        int exitCode = await run.ExitAsync();
        Assert.True(PodEnds.Of(workload, exitCode) == PodEnd.Done, $"{workload.Name} ended with {exitCode}.\n{run}");
    }

    /// <summary>What it prints is for people; what it kept on its volume is compared to the last bit.</summary>
    private async Task AssertTrace(Node node, ProgramRun coordinator)
    {
        Assert.Contains("  exact     12.4550 ", coordinator.Output, StringComparison.Ordinal);
        string state = node.Claim(_overlay.The<V1PersistentVolumeClaim>().Metadata.Name);
        Assert.Equal(await reference.BitsAsync(), await Reference.BitsOfAsync(state));
    }
}
