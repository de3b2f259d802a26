using ActorHutch.Curvature.Data;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The files that a job names, found and hashed before anything is begun.</summary>
/// <param name="Risk">The job's source with every file's hash and length.</param>
/// <param name="Offered">What workers elsewhere may be given: models and data, never code.</param>
/// <param name="Here">The same and the assembly, for workers of this process.</param>
/// <param name="Problems">What could not be found, or is not what the job says it is.</param>
internal sealed record JobInputs(RiskSource Risk, BlobStore Offered, BlobStore Here, IReadOnlyList<Problem> Problems)
{
    /// <summary>Finds the files: by their paths, or by their hashes among those that were fetched before.</summary>
    public static JobInputs Read(RiskSource risk, BlobCache cache)
    {
        BlobStore offered = new(), here = new();
        var problems = new List<Problem>();
        var found = risk.WithFiles((option, file) =>
        {
            if (Find(option, file, cache, problems) is not var (path, content)) return file;
            here.AddFile(path, content);
            if (option != "model-assembly") offered.AddFile(path, content);
            return file with { Id = content.Id, Length = content.Length };
        });
        return new JobInputs(found, offered, here, problems);
    }

    private static (string Path, BlobReference Content)? Find(
        string option, InputFile file, BlobCache cache, List<Problem> problems)
    {
        if (file.Path is null || (file.Id is not null && !Path.Exists(file.Path)))
        {
            if (cache.Find(file.Id!.Value) is { } kept) return kept;
            problems.Add(new Problem(option, file.Path ?? file.Id.ToString()!,
                $"must be a file: none is there, and none with this hash in {cache.Directory}"));
            return null;
        }

        try
        {
            using var stream = RegularFile.OpenStream(file.Path);
            var content = new BlobReference(BlobId.Of(stream), stream.Length);
            if (file.Id is not { } id || id == content.Id) return (file.Path, content);
            problems.Add(new Problem(option, file.Path,
                $"must be the file with SHA-256 {id}, as the job says; it has changed, and its hash is {content.Id}"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(new Problem(option, file.Path, $"must be a file that can be read ({error.Message.TrimEnd('.')})"));
        }

        return null;
    }
}
