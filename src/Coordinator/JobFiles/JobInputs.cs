using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The files that a job names, opened and hashed before anything is begun, and open until it is done.</summary>
/// <param name="Risk">The job's source with every file's hash and length.</param>
/// <param name="Offered">What workers elsewhere may be given: models and data, never code.</param>
/// <param name="Here">The same and the assembly, for workers of this process.</param>
/// <param name="Problems">What could not be found, or is not what the job says it is.</param>
internal sealed record JobInputs(RiskSource Risk, BlobStore Offered, BlobStore Here, IReadOnlyList<Problem> Problems)
    : IDisposable
{
    /// <summary>The weights that take one another's place, each with its hash and length; none where there is one model.</summary>
    public IReadOnlyList<InputFile> Checkpoints { get; private init; } = [];

    /// <summary>Finds the files: by their paths, or by their hashes among those that were fetched before.</summary>
    /// <param name="risk">Names them.</param>
    /// <param name="cache">What was fetched before.</param>
    /// <param name="forCluster">Whether workers elsewhere are to fetch data in segments.</param>
    /// <param name="checkpoints">Weights that take one another's place, where those that the risk names are no file; null where they are.</param>
    public static JobInputs Read(RiskSource risk, BlobCache cache, bool forCluster = false, IReadOnlyList<string>? checkpoints = null)
    {
        BlobStore offered = new(), here = new();
        var problems = new List<Problem>();
        InputFile Opened(string option, InputFile file)
        {
            bool inSegments = forCluster && option is "data" or "inputs" or "targets";
            if (Find(option, file, cache, problems, inSegments) is not { } opened) return file;
            var content = here.Add(opened);
            if (option != "model-assembly") offered.Add(here.FileOf(content.Id)!);
            // What fits into one comes as a whole, which takes a request less.
            var segments = content.Length > SegmentHashes.SegmentSize ? offered.AddSegments(here.FileOf(content.Id)!) : null;
            return file with { Id = content.Id, Length = content.Length, Segments = segments?.Id };
        }

        var found = risk.WithFiles((option, file) => option == Weights && checkpoints is not null ? file : Opened(option, file));
        return new JobInputs(found, offered, here, problems)
        {
            Checkpoints = [.. (checkpoints ?? []).Select(path => Opened(Weights, new InputFile(path)))],
        };
    }

    private const string Weights = "weights";

    /// <summary>
    /// The files that are not any more what they were, or others by the same names. Nothing was computed with what is there now.
    /// </summary>
    public IEnumerable<HashedFile> Replaced => new[] { Risk.Assembly }.Concat(Risk.Files).Concat(Checkpoints).OfType<InputFile>()
        .Where(file => file is { Path: not null, Id: not null })
        .Select(file => Here.FileOf(file.Content.Id)!)
        .Distinct()
        .Where(file => !file.IsInPlace);

    /// <summary>Closes the files.</summary>
    public void Dispose() => Here.Dispose();

    private static HashedFile? Find(string option, InputFile file, BlobCache cache, List<Problem> problems, bool inSegments)
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
            var opened = option == Weights ? ArrayFiles.OpenWeights(file.Path) : HashedFile.Open(file.Path, inSegments);
            var found = BlobId.Of(opened.Content);
            if (file.Id is not { } id || id == found) return opened;
            opened.Dispose();
            problems.Add(new Problem(option, file.Path,
                $"must be the file with SHA-256 {id}, as the job says; it has changed, and its hash is {found}"));
        }
        catch (CurvatureException error)
        {
            string named = $"{file.Path}: ";
            string reason = (error.Message.StartsWith(named, StringComparison.Ordinal) ? error.Message[named.Length..] : error.Message).TrimEnd('.');
            problems.Add(new Problem(option, file.Path, $"must be a file that can be read ({reason})"));
        }

        return null;
    }
}
