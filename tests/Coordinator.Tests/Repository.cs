namespace ActorHutch.Coordinator.Tests;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>A file in it.</summary>
    public static string File(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "ActorHutch.sln"))) return Path.Combine(folder.FullName, path);
        }

        throw new DirectoryNotFoundException("The tests do not lie in their repository.");
    }
}
