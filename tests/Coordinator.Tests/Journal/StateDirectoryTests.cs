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
    public void A_job_that_ends_later_takes_it_over()
    {
        StateDirectory.Open(Path, Job).Dispose();
        var later = Job with { Spec = Job.Spec with { Probes = 3000, RelativeError = 0.01, ConfidenceLevel = 0.9 } };

        StateDirectory.Open(Path, later).Dispose();

        Assert.Equal(later.ToString(), JobFile.Read(File("job.json")).Job.ToString());
        StateDirectory.Open(Path, Job).Dispose();
        Assert.Equal(Job.ToString(), JobFile.Read(File("job.json")).Job.ToString());
    }

    /// <summary>A smaller chunk rounds otherwise, so its values are not those of a larger one.</summary>
    [Fact]
    public void A_target_that_makes_other_chunks_is_another_job_and_V_batch_is_told()
    {
        var wide = Job with { Spec = Job.Spec with { VBatch = null, ProbeSpace = null } };
        StateDirectory.Open(Path, wide).Dispose();

        Assert.StartsWith(
            $"--state {Path}: it is another job's: vBatch is 50 there and 2 here. ",
            Refused(wide with { Spec = wide.Spec with { RelativeError = 0.01 } }), StringComparison.Ordinal);
        StateDirectory.Open(Path, wide with { Spec = wide.Spec with { RelativeError = 0.01, VBatch = 50 } }).Dispose();
    }

    [Theory]
    [InlineData("eigenvalues")]
    [InlineData("xtrace")]
    [InlineData("hutchpp")]
    [InlineData("diagonal")]
    public void What_depends_on_the_number_of_probes_from_the_first_on_is_not_extended(string estimator)
    {
        Assert.True(Estimators.TryParse(estimator, out var found));
        var job = Job with { Spec = Job.Spec with { Estimator = found } };
        StateDirectory.Open(Path, job).Dispose();

        Assert.StartsWith(
            $"--state {Path}: it is another job's: probes is 30 there and 60 here. ",
            Refused(job with { Spec = job.Spec with { Probes = 60 } }), StringComparison.Ordinal);
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
    [InlineData("journal.db", "", "it is damaged: journal.db is of version 0, and this program writes version 2.")]
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

        Assert.Contains("no job.json that describes the job", Refused(Job), StringComparison.Ordinal);
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
