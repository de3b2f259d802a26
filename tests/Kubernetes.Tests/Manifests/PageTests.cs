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

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;

    [GeneratedRegex("^    (?:[^ ].* [|] )?(kubectl [^#|]*[^ #|])")]
    private static partial Regex KubectlLine();

    [GeneratedRegex("(?<kind>job|pvc|pod|secret|statefulset)[ /](?<name>actorhutch-[a-z-]+)")]
    private static partial Regex Named();

    [GeneratedRegex("k8s/[a-z/.-]+")]
    private static partial Regex FileOrFolder();
}
