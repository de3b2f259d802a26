using ActorHutch.Coordinator.JobFiles;
using Akka.Configuration;

namespace ActorHutch.Coordinator.Journal;

/// <summary>A state directory cannot be used, and the message says why and what to do.</summary>
internal sealed class StateDirectoryException(string message) : Exception(message);

/// <summary>
/// Where one job is kept, and those that differ from it in nothing but when they end: <c>job.json</c> is the last of them,
/// <c>journal.db</c> holds what was accepted, and <c>lock</c> is held by the process that works with it, and by nobody once that has
/// ended, however it did.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const string NotGiven = "not given";

    private readonly FileStream _lock;
    private readonly JournalDatabase _database;

    private StateDirectory(FileStream @lock, JournalDatabase database) => (_lock, _database) = (@lock, database);

    /// <summary>What the actor system needs to keep its journal here.</summary>
    public Config Configuration => JournalConfiguration.Of(_database.ConnectionString);

    /// <summary>Takes a directory for a job. One that is not there is made.</summary>
    /// <exception cref="StateDirectoryException">It is another job's, in use, or damaged.</exception>
    public static StateDirectory Open(string path, JobDocument job)
    {
        try
        {
            Directory.CreateDirectory(path);
            var @lock = Lock(path);
            try
            {
                return new StateDirectory(@lock, Open(path, Path.Combine(path, "job.json"), job));
            }
            catch
            {
                @lock.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new StateDirectoryException($"--state {path}: must be a directory that can be written: {error.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStream Lock(string path)
    {
        string file = Path.Combine(path, "lock");
        try
        {
            // The operating system's lock: it ends with the process, so none is ever stale.
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw new StateDirectoryException(
                $"--state {path}: another process is using it. Wait for that one, or give another directory.");
        }
    }

    private static JournalDatabase Open(string path, string jobFile, JobDocument job)
    {
        var database = new JournalDatabase(Path.Combine(path, "journal.db"));
        if (File.Exists(jobFile))
        {
            bool isSame = CheckOwner(path, jobFile, job);
            if (!database.Exists) throw Damaged(path, "its journal.db is gone");
            database.Check(reason => Damaged(path, reason));
            if (!isSame) WriteAtOnce(jobFile, job.ToString());
            return database;
        }

        if (database.Exists) database.CheckUnused(reason => Damaged(path, reason));
        database.Create();
        WriteAtOnce(jobFile, job.ToString());
        return database;
    }

    /// <summary>Whether the directory is of this very job, and not of one that ends sooner or later.</summary>
    private static bool CheckOwner(string path, string jobFile, JobDocument job)
    {
        var owner = JobFile.Read(jobFile);
        if (owner.Problems.Count > 0) throw Damaged(path, string.Join(' ', owner.Problems));
        var (thereSpec, hereSpec) = (owner.Job.Spec.WithoutEnd, job.Spec.WithoutEnd);
        if (JobDocument.Hash(thereSpec) == JobDocument.Hash(hereSpec)) return JobDocument.Hash(owner.Job.Spec) == JobDocument.Hash(job.Spec);

        // A field that both jobs leave at its default differs where the default depends on what else they say.
        var there = owner.Job with { Spec = thereSpec };
        var here = new JobDocument(hereSpec, owner.Job.Settings) { PicksPrecision = job.PicksPrecision };
        var differences = JobOptions.All
            .Where(entry => entry.ShowsInResult)
            .Select(entry => (entry.Field, There: entry.Write(there) ?? NotGiven, Here: entry.Write(here) ?? NotGiven))
            .Where(field => field.There != field.Here)
            .Select(field => $"{field.Field} is {field.There} there and {field.Here} here");
        throw new StateDirectoryException(
            $"--state {path}: it is another job's: {string.Join(", ", differences)}. Give another directory, or run the "
            + $"job that it is of with --job {jobFile}.");
    }

    private static StateDirectoryException Damaged(string path, string reason) => new(
        $"--state {path}: it is damaged: {reason}. Nothing in it was changed. Restore it from a copy, or give another "
        + "directory and compute again.");

    /// <summary>The file is there as a whole, or not at all.</summary>
    private static void WriteAtOnce(string file, string text)
    {
        string unfinished = file + ".new";
        using (var stream = File.Create(unfinished))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text + "\n"));
            stream.Flush(flushToDisk: true);
        }

        File.Move(unfinished, file, overwrite: true);
    }
}
