using System.Text.Json;
using ActorHutch.Kubernetes.Tests.Images;

[assembly: AssemblyFixture(typeof(Image))]

namespace ActorHutch.Kubernetes.Tests.Images;

/// <summary>
/// The image, built once by buildah from the Dockerfile as it stands. There are no base images to be had here: the SDK's
/// part is played by the machine's own, which runs the build stage's command on what that stage copies; the base is a few
/// of Debian's packages, unpacked, so that it has no shell.
/// </summary>
public sealed class Image : IDisposable
{
    private static readonly string[][] Packages = [["libc6"], ["libgcc-s1"], ["libstdc++6"], ["libssl3", "libssl3t64"]];

    // Neither this nor the storage driver below needs anything of the machine but root.
    private static readonly Dictionary<string, string> Buildah = new() { ["BUILDAH_ISOLATION"] = "chroot" };

    // No servers stay behind.
    private static readonly Dictionary<string, string> Publishing = new()
    {
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-image-").FullName;
    private readonly Lazy<JsonElement> _description;

    /// <summary>Built when it is asked for.</summary>
    public Image() => _description = new Lazy<JsonElement>(Build);

    /// <summary>Where its files are.</summary>
    internal string Files { get; private set; } = "";

    /// <summary>Its configuration, as the OCI names its fields; skips the test where no image can be built.</summary>
    internal JsonElement DescribeOrSkip()
    {
        Pods.Container.NeedOrSkip();
        Tool.NeedOrSkip("buildah", "apt-get", "dpkg", "dotnet");
        return _description.Value;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private JsonElement Build()
    {
        string published = Publish();
        string container = Run("from", "scratch");
        Run("add", "--quiet", container, Base(), "/");
        Run("commit", "--quiet", container, "base");
        Run(
            "bud", "--quiet", "--pull-never", "--build-arg", "BASE_IMAGE=localhost/base",
            // In the build stage's place.
            "--build-context", $"build={published}", "--tag", "actorhutch", Repository.Root);
        Files = Run("mount", Run("from", "--pull-never", "actorhutch"));
        return JsonDocument.Parse(Run("inspect", "--type", "image", "actorhutch")).RootElement.GetProperty("OCIv1");
    }

    /// <summary>Runs the build stage's command on what the stage copies, in a folder of its own; returns its result's.</summary>
    private string Publish()
    {
        string source = Path.Combine(_folder, "source");
        foreach (string file in Sources.Files())
        {
            string copy = Path.Combine(source, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Repository.PathOf(file), copy);
        }

        string root = Path.Combine(_folder, "published");
        string command = Dockerfile.Of("build", "RUN").Single()
            .Replace("${TorchBackend}", "cpu", StringComparison.Ordinal)
            .Replace("-o /app", $"-o {root}/app", StringComparison.Ordinal);
        Tool.RunIn(source, "sh", ["-c", command], Publishing);
        return root;
    }

    /// <summary>The base's files.</summary>
    private string Base()
    {
        string packages = Directory.CreateDirectory(Path.Combine(_folder, "packages")).FullName;
        string root = Directory.CreateDirectory(Path.Combine(_folder, "base")).FullName;
        // As all of today's distributions have it, and their packages expect it.
        foreach (string name in (string[])["lib", "lib64"])
        {
            Directory.CreateDirectory(Path.Combine(root, "usr", name));
            File.CreateSymbolicLink(Path.Combine(root, name), $"usr/{name}");
        }

        try
        {
            foreach (string[] names in Packages)
                Tool.RunIn(packages, "sh", ["-c", string.Join(" || ", names.Select(name => $"apt-get -qq download {name}"))]);
        }
        catch (InvalidOperationException problem)
        {
            Assert.Skip($"No packages can be had for a base image: {problem.Message}");
        }

        foreach (string package in Directory.GetFiles(packages, "*.deb")) Tool.Run("dpkg", "--extract", package, root);
        return root;
    }

    private string Run(string command, params string[] arguments) => Tool.RunIn(
        Repository.Root, "buildah",
        [
            "--storage-driver", "vfs", "--root", Path.Combine(_folder, "storage"), "--runroot", Path.Combine(_folder, "run"),
            command, .. arguments,
        ],
        Buildah).Trim();
}
