using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>The tests that read what PyTorch has written, one run of it for all.</summary>
[CollectionDefinition(Name)]
public sealed class PyTorchGroup : ICollectionFixture<PyTorchFiles>
{
    public const string Name = "PyTorch";
}

/// <summary>
/// What pytorch_cases.py and torchscript_cases.py write. Where there is no Python with PyTorch, tests that ask for it are
/// skipped.
/// </summary>
public sealed class PyTorchFiles : IDisposable
{
    /// <summary>Names a folder that another process of these tests has had written, and that stays its.</summary>
    public const string FolderVariable = "ACTORHUTCH_PYTORCH_FILES";

    private readonly DirectoryInfo _folder;
    private readonly bool _isOwn;

    public PyTorchFiles()
    {
        string? written = Environment.GetEnvironmentVariable(FolderVariable);
        _isOwn = string.IsNullOrEmpty(written);
        _folder = _isOwn ? Directory.CreateTempSubdirectory("actorhutch-pytorch-") : new DirectoryInfo(written!);
        if (!_isOwn) return;
        foreach (string script in (string[])["pytorch_cases.py", "torchscript_cases.py"])
            PythonWithTorch.Runs(Path.Combine("Curvature.Tests", "Models", script), _folder.FullName);
    }

    public void Dispose()
    {
        if (_isOwn) _folder.Delete(recursive: true);
    }

    /// <summary>Where the files are; skips the test where there are none.</summary>
    public string Folder => At();

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
