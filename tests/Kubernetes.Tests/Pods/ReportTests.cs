using System.Text.Json.Nodes;
using ActorHutch.Kubernetes.Tests.Manifests;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>How the report gets out of the cluster, by the commands that the page has. Needs what <see cref="PodTests"/> do.</summary>
public sealed class ReportTests(TlsSecret secret)
{
    private static readonly Subnet Ipv4 = new("ar", "10.213.80.", 24);

    [Fact]
    public async Task The_report_is_on_the_volume_and_can_be_copied_from_it_and_the_json_is_in_the_log()
    {
        var overlay = Overlay.RenderChangedOrSkip("cpu", folder =>
        {
            string job = Path.Combine(folder, "job.json");
            var fields = JsonNode.Parse(File.ReadAllText(job))!.AsObject();
            fields["json"] = true;
            File.WriteAllText(job, fields.ToJsonString());
        });
        await using var node = Node.MakeOrSkip(overlay, secret, Ipv4);
        node.Start(overlay.Workers);
        var coordinator = node.Start(overlay.Coordinator);
        Assert.True(await coordinator.ExitAsync() == 0, coordinator.ToString());

        using var server = new ApiServer();
        string name = overlay.Coordinator.Pod(0, "10.0.0.1").ObjectName;
        server.Jobs.Add(overlay.Coordinator.AsRunning());
        server.Pods.Add(overlay.Coordinator.AsRunning(name));
        server.Pods.Add(ReportReader.Workload.AsRunning(ReportReader.Workload.Name));
        server.Execute = (pod, command) =>
        {
            Assert.Equal(ReportReader.Workload.Name, pod.Metadata.Name);
            return Execute(node, ReportReader.Pod, command);
        };
        // Kubernetes keeps both streams in one log, and lines of one may come between those of the other.
        Assert.NotEmpty(coordinator.Log);
        server.Logs[name] = string.Concat(
            coordinator.Output.TrimEnd('\n').Split('\n').SelectMany(line => coordinator.Log.Prepend(line)).Select(line => line + '\n'));

        string folder = Directory.CreateTempSubdirectory("actorhutch-copied-").FullName;
        try
        {
            server.Run(folder, Command("kubectl wait "));
            server.Run(folder, Command("kubectl cp "));
            server.Run(folder, Command("kubectl logs job/actorhutch-coordinator | "));

            string report = Path.Combine(folder, "report");
            Assert.Superset(
                new HashSet<string> { "report.html", "report.json", "probes.csv", "convergence.svg" },
                Directory.GetFiles(report).Select(file => Path.GetFileName(file)).ToHashSet());
            foreach (string file in Directory.GetFiles(report))
                Assert.Equal(File.ReadAllBytes(Path.Combine(node.Claim("actorhutch-state"), "report", Path.GetFileName(file))), File.ReadAllBytes(file));
            Assert.Equal(File.ReadAllText(Path.Combine(report, "report.json")), File.ReadAllText(Path.Combine(folder, "report.json")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The page's only command that begins so.</summary>
    private static string Command(string beginning) => Repository.Read("docs/kubernetes.md").Split('\n')
        .Single(line => line.StartsWith("    " + beginning, StringComparison.Ordinal)).Trim();

    /// <summary>Runs a command in a pod's container, as its user, among its volumes, in its working directory.</summary>
    private static byte[] Execute(Node node, V1Pod pod, IReadOnlyList<string> command)
    {
        var container = pod.Spec.Containers.Single();
        container.Command = ["sh", "-c", $"cd {container.WorkingDir} && \"$@\" | base64", "sh", .. command];
        var run = node.Start(Workload.Of(pod));
        int exitCode = run.ExitAsync().GetAwaiter().GetResult();
        return exitCode == 0 ? Convert.FromBase64String(run.Output) : throw new InvalidOperationException(run.ToString());
    }
}
