namespace ActorHutch.Kubernetes.Tests.Images;

/// <summary>What the image is built from.</summary>
internal static class Sources
{
    /// <summary>The files that the build stage copies, without those that <c>.dockerignore</c> names.</summary>
    public static IEnumerable<string> Files() =>
        from copy in Dockerfile.Of("build", "COPY")
        from path in copy.Split(' ')[..^1]
        from file in Directory.Exists(Repository.PathOf(path)) ? Below(path) : [path]
        select file;

    private static IEnumerable<string> Below(string folder) =>
        from file in Directory.GetFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
        let path = Path.GetRelativePath(Repository.Root, file)
        where !path.Split('/').Any(part => part is "bin" or "obj")
        select path;
}
