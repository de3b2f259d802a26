using System.Globalization;
using System.Text.Json;
using ActorHutch.Kubernetes.Tests.Pods;

namespace ActorHutch.Kubernetes.Tests.Images;

/// <summary>The image itself. Needs root, buildah and Debian's packages.</summary>
public sealed class ImageTests(Image image)
{
    [Fact]
    public void It_says_who_runs_what_in_it()
    {
        var config = image.DescribeOrSkip().GetProperty("config");

        Assert.Equal("1654:1654", config.GetProperty("User").GetString());
        Assert.Equal(["/app/actorhutch"], Words(config.GetProperty("Entrypoint")));
        Assert.Equal("ActorHutch", config.GetProperty("Labels").GetProperty("org.opencontainers.image.title").GetString());
        Assert.Equal(
            Repository.Version, config.GetProperty("Labels").GetProperty("org.opencontainers.image.version").GetString());
    }

    [Fact]
    public void It_holds_the_programs_and_what_they_need_and_nothing_else()
    {
        image.DescribeOrSkip();
        string app = Path.Combine(image.Files, "app");
        var files = new DirectoryInfo(app).GetFiles("*", SearchOption.AllDirectories);
        var all = new DirectoryInfo(image.Files).GetFiles("*", SearchOption.AllDirectories);
        // Links would be counted for what they point to.
        double Megabytes(IEnumerable<FileInfo> of) => of.Where(file => file.LinkTarget is null).Sum(file => file.Length) / 1e6;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"The image's files: {Megabytes(all):0} MB, {Megabytes(files):0} of them the programs'."));

        Assert.Superset(
            new HashSet<string> { "actorhutch", "actorhutch-worker", "libtorch_cpu.so", "libcoreclr.so" },
            files.Select(file => file.Name).ToHashSet());
        // Other systems' natives have folders of their own, or their systems' endings.
        Assert.Equal(["licences"], Directory.GetDirectories(app).Select(Path.GetFileName));
        Assert.DoesNotContain(files, file => file.Extension is ".dylib" or ".exe" or ".lib" or ".a" or ".xml" or ".cs" or ".csproj");
        Assert.DoesNotContain(files, file =>
            file.Name.Contains("test", StringComparison.OrdinalIgnoreCase) || file.Name.Contains("xunit", StringComparison.Ordinal)
            || file.Name.StartsWith("MSBuild", StringComparison.Ordinal) || file.Name.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal)
            || file.Name.Contains("python", StringComparison.Ordinal));
        Assert.DoesNotContain(all, file => file.Name is "sh" or "bash" or "dotnet");
        // libtorch's 461 MB, .NET, and room for growth that somebody should look at.
        Assert.InRange(Megabytes(all), 500, 700);
    }

    [Fact]
    public async Task Its_entry_point_runs_the_main_job_without_root_a_shell_or_a_place_to_write()
    {
        var config = image.DescribeOrSkip().GetProperty("config");
        string root = Directory.CreateTempSubdirectory("actorhutch-root-").FullName;
        string temporary = Directory.CreateTempSubdirectory("actorhutch-tmp-").FullName;
        try
        {
            Tool.Run("chmod", "777", temporary);
            string[] command = Container.Start(
                root, image.Files, "main", config.GetProperty("User").GetString()!.Split(':')[0], [$"{temporary}:/tmp:rw"],
                Words(config.GetProperty("Env")), Words(config.GetProperty("Entrypoint")));
            await using var run = ProgramRun.StartFile(command[0], command[1..]);

            Assert.True(await run.ExitAsync() == 0, run.ToString());
            Assert.Contains("12.4550", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(root);
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static string[] Words(JsonElement list) => [.. list.EnumerateArray().Select(word => word.GetString()!)];
}
