using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The commands of the page.</summary>
public sealed partial class PageTests
{
    /// <summary>The lines that are kubectl's, as a shell would get them.</summary>
    public static TheoryData<string> Commands =>
    [
        .. Repository.Read("docs/kubernetes.md").Split('\n').Select(line => KubectlLine().Match(line))
            .Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct(),
    ];

    [Fact]
    public void There_are_commands() => Assert.InRange(Commands.Count, 10, 100);

    /// <summary>There is no cluster to be asked. What kubectl does not understand it says before it asks.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    public void Kubectl_understands_each(string command)
    {
        Kubectl.NeedOrSkip();
        const string NoServer = "http://127.0.0.1:1";

        string error = Tool.Run(
            "sh", "-c", "{ KUBECONFIG=/dev/null kubectl --server " + NoServer + command["kubectl".Length..] + " < " + ReportReader.File + " 2>&1 > /dev/null; } || true");

        Assert.True(
            error.Contains("127.0.0.1:1 was refused", StringComparison.Ordinal) || error.Contains("connect: connection refused", StringComparison.Ordinal), error);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void What_each_names_is_there(string command)
    {
        string[] known =
        [
            .. Overlay.Names.SelectMany(name => Overlay.RenderOrSkip(name.Data).Objects).Append(ReportReader.Pod)
                .Cast<IKubernetesObject<V1ObjectMeta>>().Select(manifest => $"{manifest.Kind.ToLowerInvariant()}/{manifest.Metadata.Name}"),
            // The script's.
            "secret/actorhutch-tls",
        ];
        foreach (Match named in Named().Matches(command))
        {
            string kind = named.Groups["kind"].Value.Replace("pvc", "persistentvolumeclaim", StringComparison.Ordinal);
            Assert.Contains($"{kind}/{named.Groups["name"].Value}", known);
        }

        foreach (Match file in FileOrFolder().Matches(command))
            Assert.True(Path.Exists(Repository.PathOf(file.Value)), $"There is no {file.Value}.");
        Assert.Equal(Occurrences(command, "actorhutch-"), Named().Count(command) + Occurrences(command, "actorhutch-report:"));
    }

    [Fact]
    public void Port_forward_finds_the_coordinators_pod()
    {
        Kubectl.NeedOrSkip();
        var coordinator = Overlay.RenderOrSkip("cpu").Coordinator;
        string pod = coordinator.Pod(0, "10.0.0.1").ObjectName;
        using var server = new ApiServer();
        server.Jobs.Add(coordinator.AsRunning());
        server.Pods.Add(coordinator.AsRunning(pod));

        // The server has no such stream to give.
        Assert.Throws<InvalidOperationException>(() => server.Run(
            Repository.Root, Commands.Select(row => row.Data).Single(command => command.StartsWith("kubectl port-forward ", StringComparison.Ordinal))));

        Assert.Contains($"/api/v1/namespaces/default/pods/{pod}/portforward", server.Asked);
    }

    /// <summary>What the page has an overlay's kustomization.yaml get at its end; it begins with a field of it.</summary>
    public static TheoryData<string> Additions =>
        [.. Addition().Matches(Repository.Read("docs/kubernetes.md")).Select(match => match.Value.Replace("\n    ", "\n", StringComparison.Ordinal).TrimStart())];

    [Theory]
    [MemberData(nameof(Additions))]
    public void Every_overlay_takes_what_is_added_and_says_so(string addition)
    {
        foreach (var name in Overlay.Names)
        {
            string before = KubernetesYaml.SerializeAll(Overlay.RenderOrSkip(name.Data).Objects);
            var after = Overlay.RenderChangedOrSkip(name.Data, folder => File.AppendAllText(Path.Combine(folder, "kustomization.yaml"), addition));
            Assert.NotEqual(before, KubernetesYaml.SerializeAll(after.Objects));
        }
    }

    [Fact]
    public void There_are_additions() => Assert.Equal(
        ["components", "images", "images", "labels"], Additions.Select(addition => addition.Data.Split(':')[0]).Order());

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex("^    (?:[^ ].* [|] )?(kubectl [^#|]*[^ #|])")]
    private static partial Regex KubectlLine();

    [GeneratedRegex("(?<kind>job|pvc|pod|secret|statefulset)[ /](?<name>actorhutch-[a-z-]+)")]
    private static partial Regex Named();

    [GeneratedRegex("\n    [a-z]+:\n    - .*(?:\n    .+)*\n")]
    private static partial Regex Addition();

    [GeneratedRegex("k8s/[a-z/.-]+")]
    private static partial Regex FileOrFolder();
}
