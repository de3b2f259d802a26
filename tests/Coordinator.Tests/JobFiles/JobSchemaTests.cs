using System.Runtime.CompilerServices;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Tests.CommandLine;

namespace ActorHutch.Coordinator.Tests.JobFiles;

/// <summary>The schema beside the documentation, by which editors complete job files.</summary>
public sealed class JobSchemaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_file_is_what_the_fields_say()
    {
        string path = Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/job.schema.json");
        // To write it anew: ACTORHUTCH_WRITE_SCHEMAS=1 dotnet test
        if (Environment.GetEnvironmentVariable("ACTORHUTCH_WRITE_SCHEMAS") == "1") File.WriteAllText(path, JobSchema.Text());

        Assert.Equal(JobSchema.Text(), File.ReadAllText(path));
    }

    [Fact]
    public async Task A_job_file_may_name_its_schema()
    {
        string file = _folder.Write("job.json", """{ "$schema": "job.schema.json", "probes": 7 }""");

        Assert.Equal(7, (await Invocation.Of("--print-job", "--job", file)).Json.GetProperty("probes").GetInt64());
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
