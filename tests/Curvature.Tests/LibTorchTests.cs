using System.Runtime.InteropServices;
using ActorHutch.Curvature.Native;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>Loading libtorch happens once a process, so these start this very program again, with another environment.</summary>
public sealed class LibTorchTests
{
    /// <summary>oneDNN has them wrong on some processors, and is left out there.</summary>
    [Fact]
    public void Convolutions_in_single_precision_are_right_on_this_processor() => Assert.True(Native.Convolutions.AreRight());

    [Fact]
    public void Loading_twice_does_nothing() => LibTorch.Load();

    [Fact]
    public void Tests_keep_libtorch_to_one_thread() => Assert.Equal(1, get_num_threads());

    [Fact]
    public void A_folder_without_libtorch_is_named()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;

        var (succeeded, output) = RunOneTest(folder);

        Assert.False(succeeded);
        Assert.Contains(
            $"ACTORHUTCH_LIBTORCH={folder}: there is no {FileName} in it", output, StringComparison.Ordinal);
        Directory.Delete(folder);
    }

    [Fact]
    public void A_file_that_is_no_library_is_named_with_what_the_loader_says()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, FileName), "This is no library.");

        var (succeeded, output) = RunOneTest(folder);

        Assert.False(succeeded);
        Assert.Contains("libtorch could not be loaded. What was tried:", output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder, FileName), output, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_folder_with_libtorch_is_used()
    {
        string own = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native");
        Assert.SkipUnless(File.Exists(Path.Combine(own, FileName)), "This build keeps its libraries elsewhere.");

        var (succeeded, output) = RunOneTest(own);

        Assert.True(succeeded, output);
    }

    [Fact]
    public void A_libtorch_of_another_version_is_refused_in_words()
    {
        // Debian's package.
        const string other = "/usr/lib/python3/dist-packages/torch/lib";
        Assert.SkipUnless(File.Exists(Path.Combine(other, FileName)), $"There is no libtorch of another version in {other}.");

        var (succeeded, output) = RunOneTest(other);

        Assert.False(succeeded);
        Assert.Matches(@"it is libtorch 1\.\d+\.\d+, and this program is built for 2\.10", output);
    }

    [Fact]
    public void It_says_what_it_is() =>
        Assert.Matches(OperatingSystem.IsLinux() ? @"^libtorch 2\.10\.\d+ \([0-9a-f]{8}\), [A-Z0-9 ]+$" : "^libtorch 2.10", LibTorch.Build.ToString());

    private static string FileName =>
        OperatingSystem.IsWindows() ? "torch.dll" : OperatingSystem.IsMacOS() ? "libtorch.dylib" : "libtorch.so";

    private static (bool Succeeded, string Output) RunOneTest(string libTorchFolder)
    {
        var (succeeded, output, errors) = ThisProgram.Run(
            (LibTorch.FolderVariable, libTorchFolder), "-method", $"{typeof(LibTorchTests).FullName}.{nameof(Loading_twice_does_nothing)}");
        return (succeeded, output + errors);
    }
}
