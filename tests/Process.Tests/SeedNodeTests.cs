using ActorHutch.Process.Tests.Programs;
using ActorHutch.Shared.Security;
using ActorHutch.Tls;
using Akka.Actor;

namespace ActorHutch.Process.Tests;

/// <summary>A worker that finds no coordinator says last what it found in its place, and what is likely to help.</summary>
public sealed class SeedNodeTests : IDisposable
{
    private const string ThreeFiles = "--tls-cert, --tls-key and --tls-ca";

    private readonly Certificates _certificates = new();
    private readonly Certificates _others = new();

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
    }

    [Fact]
    public async Task A_node_by_another_name_is_told_by_its_own_name_long_before_the_end()
    {
        await using var cluster = new TestCluster();
        await StartedAsync(cluster);
        await using var worker = Worker($"localhost:{cluster.Port}", TlsFiles.None, joinTimeout: 30);

        string hint = $"localhost:{cluster.Port}: the node there has another name, {cluster.Address}. Write --seed-nodes {cluster.Address}.";
        await worker.LogsAsync(hint);
        Assert.DoesNotContain(worker.Log, line => line.StartsWith("No coordinator was found", StringComparison.Ordinal));
        Assert.Equal(3, await worker.ExitAsync());

        Assert.Equal($"No coordinator was found in 30 s. {hint}", worker.Log[^1]);
    }

    [Fact]
    public async Task A_coordinator_with_TLS_is_told_to_a_worker_without() =>
        await SaysAsync(_certificates.Good(), TlsFiles.None, $"what listens there uses TLS, and this node does not. Give this node {ThreeFiles}.");

    [Fact]
    public async Task A_coordinator_without_TLS_is_told_to_a_worker_with() =>
        await SaysAsync(
            TlsFiles.None, _certificates.Good(), $"the node there does not use TLS, and this node does. Give it {ThreeFiles} too, or leave them out here.");

    [Fact]
    public async Task A_certificate_of_another_authority_is_told() =>
        await SaysAsync(
            _certificates.Good(), _others.Good(), "the certificate of the node there is refused: its issuer, ",
            "All nodes need certificates of one authority, the one in --tls-ca.");

    [Fact]
    public async Task A_port_on_which_nobody_listens_is_told()
    {
        string nobody = TestCluster.Loopback(TestCluster.FreePort());
        await SaysAsync(
            nobody, TlsFiles.None, "connection refused, no program listens there. Start a coordinator there (actorhutch estimate --cluster), "
            + "or name the address that it listens on with --seed-nodes.");
    }

    [Fact]
    public async Task A_cluster_of_another_program_is_told()
    {
        int port = TestCluster.FreePort();
        using var system = ActorSystem.Create("another", $$"""
            akka { loggers = [], stdout-loglevel = OFF, actor.provider = cluster
              remote.dot-netty.tcp { hostname = 127.0.0.1, port = {{port}} } }
            """);

        await SaysAsync(
            TestCluster.Loopback(port), TlsFiles.None,
            "a node of another program is there, another. Name the address that the coordinator advertises with --seed-nodes.");
        await system.Terminate();
    }

    [Fact]
    public async Task Of_a_worker_in_the_coordinators_place_it_is_told_that_it_took_nobody_in()
    {
        int port = TestCluster.FreePort();
        await using var another = ProgramRun.Start(
            "actorhutch-worker", null, "--listen", TestCluster.Loopback(port), "--seed-nodes", TestCluster.Loopback(TestCluster.FreePort()));
        await another.LogsAsync("This node is");

        await SaysAsync(TestCluster.Loopback(port), TlsFiles.None, "a node with this name answers, but did not accept this node. Check that it is the coordinator");
    }

    private static async Task SaysAsync(TlsFiles coordinator, TlsFiles worker, params string[] said)
    {
        await using var cluster = new TestCluster();
        await StartedAsync(cluster, coordinator);
        await SaysAsync(cluster.Address, worker, said);
    }

    /// <summary>A worker's last line, which says it once, and is the one error.</summary>
    private static async Task SaysAsync(string seed, TlsFiles tls, params string[] said)
    {
        await using var worker = Worker(seed, tls, joinTimeout: 4);

        Assert.Equal(3, await worker.ExitAsync());

        string last = worker.Log[^1];
        Assert.StartsWith($"No coordinator was found in 4 s. {seed}: {said[0]}", last, StringComparison.Ordinal);
        Assert.All(said, part => Assert.Contains(part, last, StringComparison.Ordinal));
        Assert.Single(worker.Log, line => line.Contains("No coordinator was found", StringComparison.Ordinal));
        Assert.DoesNotContain(worker.Log, line => line.Contains("join seed nodes", StringComparison.Ordinal));
    }

    private static async Task StartedAsync(TestCluster cluster, TlsFiles? tls = null) =>
        await cluster.Coordinator(Options(tls ?? TlsFiles.None)).LogsAsync("The coordinator's node is");

    private static ProgramRun Worker(string seed, TlsFiles tls, int joinTimeout) => ProgramRun.Start(
        "actorhutch-worker", null, ["--seed-nodes", seed, "--device", "cpu", "--join-timeout", $"{joinTimeout}", .. Options(tls)]);

    private static string[] Options(TlsFiles tls) =>
        tls.Any ? ["--tls-cert", tls.Certificate!, "--tls-key", tls.Key!, "--tls-ca", tls.Authority!] : [];
}
