namespace ActorHutch.Curvature.Tests.Models;

/// <summary>The tests of samples and targets that read what PyTorch has written, one run of it for all.</summary>
[CollectionDefinition(Name)]
public sealed class PyTorchSamplesGroup : ICollectionFixture<PyTorchSamples>
{
    public const string Name = "PyTorch's samples";
}

/// <summary>What pytorch_samples.py writes. Where there is no Python with PyTorch, tests that ask for it are skipped.</summary>
public sealed class PyTorchSamples : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-samples-");

    public PyTorchSamples() => PythonWithTorch.Runs(Path.Combine("Curvature.Tests", "Models", "pytorch_samples.py"), _folder.FullName);

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>A case; skips the test where there is none.</summary>
    internal PyTorchCase Case(string kind, string name)
    {
        PythonWithTorch.SkipUnlessFound();
        return new PyTorchCase(Path.Combine(_folder.FullName, kind, name));
    }
}
