using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorHutch.Kubernetes.Tests.Images;

/// <summary>The rules of thumb for Dockerfiles that matter.</summary>
public sealed class DockerfileTests
{
    private static readonly string[] RuntimeStages = ["runtime", "worker", "coordinator"];

    [Fact]
    public void Stages_come_from_each_other_or_from_a_base_that_is_pinned_and_can_be_chosen()
    {
        var bases = Dockerfile.Of("", "ARG").Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.Equal(["SDK_IMAGE", "BASE_IMAGE"], bases.Keys);
        Assert.All(bases.Values, image => Assert.Matches(@"^mcr\.microsoft\.com/dotnet/[a-z-]+:\d+\.\d+-[a-z-]+$", image));
        Assert.Equal(
            ["${SDK_IMAGE} AS build", "${BASE_IMAGE} AS runtime", "runtime AS worker", "runtime AS coordinator"],
            Dockerfile.Instructions.Where(line => line.Keyword == "FROM").Select(line => line.Text));
    }

    [Fact]
    public void The_base_is_of_the_release_that_is_built_for()
    {
        string release = string.Create(
            CultureInfo.InvariantCulture, $"{Environment.Version.Major}.{Environment.Version.Minor}");

        Assert.All(Dockerfile.Of("", "ARG"), argument => Assert.Contains($":{release}-", argument, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_in_the_image_needs_a_shell_and_nobody_in_it_is_root()
    {
        Assert.DoesNotContain(Dockerfile.Instructions, line =>
            RuntimeStages.Contains(line.Stage) && line.Keyword is "RUN" or "CMD" or "SHELL" or "HEALTHCHECK");
        string user = Assert.Single(Dockerfile.Of("runtime", "USER"));
        Assert.Matches("^[1-9][0-9]*:[1-9][0-9]*$", user);
        Assert.Equal(["[\"/app/actorhutch-worker\"]"], Dockerfile.Of("worker", "ENTRYPOINT"));
        // The last stage is what is built where nobody says which.
        Assert.Equal(["[\"/app/actorhutch\"]"], Dockerfile.Of("coordinator", "ENTRYPOINT"));
        Assert.Equal("coordinator", Dockerfile.Instructions[^1].Stage);
    }

    [Fact]
    public void Nothing_is_fetched_by_name_and_nothing_is_secret()
    {
        Assert.DoesNotContain(Dockerfile.Instructions, line => line.Keyword is "ADD" or "VOLUME" or "MAINTAINER" or "ONBUILD");
        Assert.All(Dockerfile.Instructions, line =>
        {
            Assert.DoesNotMatch(new Regex("apt|apk|curl|wget|https?://|sudo|chmod", RegexOptions.IgnoreCase), line.Text);
            Assert.DoesNotMatch(new Regex("password|passwd|token|secret|\\.key|\\.pem", RegexOptions.IgnoreCase), line.Text);
        });
        Assert.DoesNotMatch("-----BEGIN [A-Z ]*PRIVATE KEY-----\\s+[A-Za-z0-9+/]", string.Concat(Sources.Files().Select(Repository.Read)));
    }

    [Fact]
    public void The_backend_of_libtorch_is_an_argument_with_a_default()
    {
        Assert.Contains("TorchBackend=cpu", Dockerfile.Of("build", "ARG"));
        Assert.Contains("-p:TorchBackend=${TorchBackend}", Assert.Single(Dockerfile.Of("build", "RUN")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_build_context_holds_what_is_copied_and_nothing_else()
    {
        string[] ignore = Repository.Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("*", ignore.First(line => !line.StartsWith('#')));
        Assert.Equal(
            Dockerfile.Of("build", "COPY").SelectMany(copy => copy.Split(' ')[..^1]).Select(path => path.TrimEnd('/')).Order(StringComparer.Ordinal),
            ignore.Where(line => line.StartsWith('!')).Select(line => line[1..]).Order(StringComparer.Ordinal));
        Assert.Contains("**/bin", ignore);
        Assert.Contains("**/obj", ignore);
    }

    [Fact]
    public void Labels_say_what_it_is_and_the_version_is_this_one()
    {
        string labels = Assert.Single(Dockerfile.Of("runtime", "LABEL"));

        foreach (string label in (string[])["title", "description", "version"])
            Assert.Contains($"org.opencontainers.image.{label}=", labels, StringComparison.Ordinal);
        Assert.Contains($"VERSION={Repository.Version}", Dockerfile.Of("runtime", "ARG"));
    }
}
