using System.Diagnostics;
using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>The tests that read what PyTorch has written, one run of it for all.</summary>
[CollectionDefinition(Name)]
public sealed class PyTorchGroup : ICollectionFixture<PyTorchFiles>
{
    public const string Name = "PyTorch";
}

/// <summary>What pytorch_cases.py writes. Where there is no Python with PyTorch, tests that ask for it are skipped.</summary>
public sealed class PyTorchFiles : IDisposable
{
    /// <summary>Names a Python that has PyTorch, instead of those that are tried.</summary>
    private const string Variable = "ACTORHUTCH_PYTHON";

    private const string Skipped =
        "python3 has no torch: apt-get install python3-torch, or name a Python that has it in ACTORHUTCH_PYTHON";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-pytorch-");
    private readonly bool _isWritten;

    public PyTorchFiles()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string[] pythons = string.IsNullOrEmpty(named) ? ["/usr/bin/python3", "python3"] : [named];
        if (pythons.FirstOrDefault(python => Run(python, "-c", "import torch").Code == 0) is not { } found)
        {
            if (!string.IsNullOrEmpty(named)) throw new InvalidOperationException($"{Variable}={named}: it cannot import torch.");
            return;
        }

        var (code, output) = Run(
            found, Repository.Beside("pytorch_cases.py"), Path.Combine(Repository.Root, "tools"), _folder.FullName);
        if (code != 0) throw new InvalidOperationException($"pytorch_cases.py ended with {code}: {output}");
        _isWritten = true;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A file or folder; skips the test where there is none.</summary>
    public string At(params string[] names)
    {
        Assert.SkipUnless(_isWritten, Skipped);
        return Path.Combine([_folder.FullName, .. names]);
    }

    /// <summary>An array of a file; floating-point numbers are converted.</summary>
    internal static Tensor Read(string path, string name, ScalarType dtype)
    {
        using var file = ArrayFiles.Open(path);
        var value = file.Arrays.Single(array => array.Name == name).Read();
        return value.is_floating_point() ? value.to(dtype) : value;
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
