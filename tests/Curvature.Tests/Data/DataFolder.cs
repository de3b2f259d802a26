namespace ActorHutch.Curvature.Tests.Data;

/// <summary>A folder of files that a test writes, gone with it.</summary>
public abstract class DataFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-data-");

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    protected string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(Path(name), bytes);
        return Path(name);
    }
}
