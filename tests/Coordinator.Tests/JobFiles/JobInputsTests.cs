using System.Security.Cryptography;
using System.Text;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.JobFiles;

/// <summary>The files that a job names.</summary>
public sealed class JobInputsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly BlobCache _cache;

    public JobInputsTests() => _cache = new BlobCache(Path.Combine(_folder.Path, "cache"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void They_are_found_hashed_and_offered_but_no_code_is_offered()
    {
        string model = _folder.Write("model.pt", "model"), code = _folder.Write("mine.dll", "code");
        var risk = new RiskSource { ModelFile = new InputFile(model), Assembly = new InputFile(code) };

        using var inputs = JobInputs.Read(risk, _cache);

        Assert.Empty(inputs.Problems);
        var found = inputs.Risk.ModelFile!;
        Assert.Equal((Hash("model"), 5L), (found.Id.ToString(), found.Length));
        Assert.Equal((model, model), (inputs.Here.FileOf(found.Content.Id)?.Path, inputs.Offered.FileOf(found.Content.Id)?.Path));
        var assembly = inputs.Risk.Assembly!.Content.Id;
        Assert.Equal(code, inputs.Here.FileOf(assembly)?.Path);
        Assert.Null(inputs.Offered.Open(assembly));
    }

    [Fact]
    public void What_has_changed_since_the_job_was_written_is_named_with_both_hashes()
    {
        string data = _folder.Write("data.npz", "now");
        var then = BlobId.Of("then"u8);

        var problem = Assert.Single(JobInputs.Read(new RiskSource { Data = new InputFile(data, then) }, _cache).Problems);

        Assert.Equal(("data", data), (problem.Field, problem.Value));
        Assert.Contains(Hash("then"), problem.Right, StringComparison.Ordinal);
        Assert.Contains(Hash("now"), problem.Right, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("moved/weights.safetensors")]
    public void A_file_of_known_content_is_found_in_the_cache(string? path)
    {
        var id = BlobId.Of("kept"u8);
        Directory.CreateDirectory(_cache.Directory);
        string kept = _folder.Write(Path.Combine("cache", id.ToString()), "kept");

        using var inputs = JobInputs.Read(new RiskSource { Weights = new InputFile(path, id) }, _cache);

        Assert.Empty(inputs.Problems);
        Assert.Equal(kept, inputs.Here.FileOf(id)?.Path);
        Assert.Equal(4, inputs.Risk.Weights!.Length);
    }

    [Fact]
    public void What_is_replaced_while_the_job_runs_is_named_and_still_read_as_it_was()
    {
        string weights = _folder.Write("weights.safetensors", "one"), data = _folder.Write("data.npz", "two");
        using var inputs = JobInputs.Read(
            new RiskSource { Weights = new InputFile(weights), Data = new InputFile(data) }, _cache);
        Assert.Empty(inputs.Replaced);

        File.Move(_folder.Write("another", "not"), weights, overwrite: true);
        File.SetLastWriteTimeUtc(weights, DateTime.UtcNow.AddMinutes(1));

        Assert.Equal([weights], inputs.Replaced.Select(file => file.Path));
        using var stream = inputs.Offered.Open(inputs.Risk.Weights!.Id!.Value)!;
        Assert.Equal("one", new StreamReader(stream).ReadToEnd());
    }

    [Fact]
    public void An_empty_file_is_no_input()
    {
        var problem = Assert.Single(JobInputs.Read(new RiskSource { Data = new InputFile(_folder.Write("data.npz", "")) }, _cache).Problems);

        Assert.Contains("the file is empty", problem.Right, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_missing_is_listed()
    {
        var id = BlobId.Of("gone"u8);
        var risk = new RiskSource
        {
            ModelFile = new InputFile(Path.Combine(_folder.Path, "no.pt")),
            Inputs = new InputFile(null, id),
            Targets = new InputFile(_folder.Path),
        };

        Assert.Equal(["model", "inputs", "targets"], JobInputs.Read(risk, _cache).Problems.Select(problem => problem.Field));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
