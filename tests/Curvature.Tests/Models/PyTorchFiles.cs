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
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-pytorch-");

    public PyTorchFiles() => PythonWithTorch.Runs(Path.Combine("Models", "pytorch_cases.py"), _folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A file or folder; skips the test where there is none.</summary>
    public string At(params string[] names)
    {
        PythonWithTorch.SkipUnlessFound();
        return Path.Combine([_folder.FullName, .. names]);
    }

    /// <summary>An array of a file; floating-point numbers are converted.</summary>
    internal static Tensor Read(string path, string name, ScalarType dtype)
    {
        using var file = ArrayFiles.Open(path);
        var value = file.Arrays.Single(array => array.Name == name).Read();
        return value.is_floating_point() ? value.to(dtype) : value;
    }
}
