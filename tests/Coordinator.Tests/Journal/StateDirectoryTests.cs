using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Journal;

public sealed class StateDirectoryTests : IDisposable
{
    private static readonly JobDocument Job = new(new JobSpec { Probes = 30, VBatch = 10 }, new ExecutionSettings());

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("state");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_made_where_it_is_not_there_and_opened_again()
    {
        StateDirectory.Open(Path, Job).Dispose();
        StateDirectory.Open(Path, Job).Dispose();

        Assert.Equal(Job.ToString(), JobFile.Read(File("job.json")).Job.ToString());
    }

    [Fact]
    public void How_a_job_runs_may_change()
    {
        StateDirectory.Open(Path, Job).Dispose();

        StateDirectory.Open(Path, Job with { Settings = new ExecutionSettings { Workers = 7 } }).Dispose();
    }

    [Fact]
    public void Another_job_is_refused_and_told_what_differs()
    {
        StateDirectory.Open(Path, Job).Dispose();

        string message = Refused(Job with { Spec = Job.Spec with { Seed = 5, Method = CurvatureMethod.Hmp } });

        Assert.StartsWith(
            $"--state {Path}: it is another job's: method is not given there and hmp here, seed is 0 there and 5 here. ",
            message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_in_use_is_refused_until_it_is_not()
    {
        using (StateDirectory.Open(Path, Job))
            Assert.StartsWith($"--state {Path}: another process is using it.", Refused(Job), StringComparison.Ordinal);

        StateDirectory.Open(Path, Job).Dispose();
    }

    [Fact]
    public void A_lock_file_without_a_process_is_none()
    {
        Directory.CreateDirectory(Path);
        System.IO.File.WriteAllText(File("lock"), "4711");

        StateDirectory.Open(Path, Job).Dispose();
    }

    [Theory]
    [InlineData("journal.db", null, "it is damaged: its journal.db is gone.")]
    [InlineData("journal.db", "This is no database at all, whatever its name may say, and it is long enough to be one.", "it is damaged: journal.db cannot be read: ")]
    [InlineData("journal.db", "", "it is damaged: journal.db is of version 0, and this program writes version 1.")]
    [InlineData("job.json", "{ \"probes\"", "job.json: is not JSON: see line 1")]
    public void What_is_damaged_is_told_and_left_alone(string file, string? text, string problem)
    {
        StateDirectory.Open(Path, Job).Dispose();
        if (text is null) System.IO.File.Delete(File(file));
        else System.IO.File.WriteAllText(File(file), text);

        Assert.Contains(problem, Refused(Job), StringComparison.Ordinal);
        if (text is not null) Assert.Equal(text, System.IO.File.ReadAllText(File(file)));
    }

    [Fact]
    public void A_journal_that_has_lost_its_job_is_not_taken_for_an_empty_one()
    {
        StateDirectory.Open(Path, Job).Dispose();
        Sqlite.Execute(File("journal.db"), "CREATE TABLE journal (message BLOB)");
        System.IO.File.Delete(File("job.json"));

        Assert.Contains("no job.json to say of which job", Refused(Job), StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_was_only_half_made_is_made_again()
    {
        StateDirectory.Open(Path, Job).Dispose();
        System.IO.File.Move(File("job.json"), File("job.json.new"));

        StateDirectory.Open(Path, Job).Dispose();
    }

    [Fact]
    public void A_path_that_can_be_none_is_told()
    {
        string file = _folder.Write("file", "");

        Assert.StartsWith(
            $"--state {file}: must be a directory that can be written: ",
            Assert.Throws<StateDirectoryException>(() => StateDirectory.Open(file, Job)).Message, StringComparison.Ordinal);
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);

    private string Refused(JobDocument job) =>
        Assert.Throws<StateDirectoryException>(() => StateDirectory.Open(Path, job)).Message;
}
