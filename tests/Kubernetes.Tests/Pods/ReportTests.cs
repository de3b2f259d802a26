using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ActorHutch.Kubernetes.Tests.Manifests;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>How the report gets out of the cluster, by the commands that the page has. Needs what <see cref="PodTests"/> do.</summary>
public sealed partial class ReportTests(TlsSecret secret)
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
        string page = Repository.Read("docs/kubernetes.md");
        var copy = Copy().Match(page);

        // kubectl cp runs tar in the pod and reads what that writes.
        var pod = ReportReader.Pod;
        var container = pod.Spec.Containers.Single();
        Assert.Equal(pod.Metadata.Name, copy.Groups["pod"].Value);
        container.Command = ["sh", "-c", $"cd {container.WorkingDir} && tar -cf - {copy.Groups["folder"].Value} | base64; touch {copy.Groups["folder"].Value}/new"];
        var reader = node.Start(Workload.Of(pod));
        Assert.NotEqual(0, await reader.ExitAsync());
        Assert.Contains(reader.Log, line => line.Contains("Read-only file system", StringComparison.Ordinal));

        string copied = Directory.CreateTempSubdirectory("actorhutch-copied-").FullName;
        try
        {
            string archive = Path.Combine(copied, "archive");
            await File.WriteAllBytesAsync(archive, Convert.FromBase64String(reader.Output), TestContext.Current.CancellationToken);
            Tool.Run("tar", "-xf", archive, "-C", copied);
            string report = Path.Combine(copied, copy.Groups["folder"].Value);
            Assert.Superset(
                new HashSet<string> { "report.html", "report.json", "probes.csv", "convergence.svg" },
                Directory.GetFiles(report).Select(file => Path.GetFileName(file)).ToHashSet());

            // Kubernetes keeps both streams in one log, and lines of one may come between those of the other.
            string log = Path.Combine(copied, "log");
            string[] told = coordinator.Output.TrimEnd('\n').Split('\n');
            Assert.NotEmpty(coordinator.Log);
            await File.WriteAllLinesAsync(
                log, told.SelectMany(line => coordinator.Log.Prepend(line)), TestContext.Current.CancellationToken);
            string json = Tool.RunIn(copied, "sh", ["-c", Filter().Match(page).Groups["filter"].Value + " < log && cat report.json"]);
            Assert.Equal(await File.ReadAllTextAsync(Path.Combine(report, "report.json"), TestContext.Current.CancellationToken), json);
        }
        finally
        {
            Directory.Delete(copied, recursive: true);
        }
    }

    [GeneratedRegex("^    kubectl cp (?<pod>[a-z-]+):(?<folder>[a-z]+) report$", RegexOptions.Multiline)]
    private static partial Regex Copy();

    [GeneratedRegex(@"^    kubectl logs job/actorhutch-coordinator \| (?<filter>grep '.*' > report\.json)$", RegexOptions.Multiline)]
    private static partial Regex Filter();
}
