using System.Security.Cryptography;
using System.Text;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Data.Bytes;
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
    public void Data_of_more_than_a_segment_are_offered_to_a_cluster_in_segments()
    {
        string content = new('x', SegmentHashes.SegmentSize + 1);
        string data = _folder.Write("data.npy", content), weights = _folder.Write("weights.safetensors", content + "y"), small = _folder.Write("small", "z");
        var risk = new RiskSource { Weights = new InputFile(weights), Inputs = new InputFile(data), Targets = new InputFile(small) };
        using var here = JobInputs.Read(risk, _cache);
        Assert.Null(here.Risk.Inputs!.Segments);

        using var inputs = JobInputs.Read(risk, _cache, forCluster: true);

        var found = inputs.Risk.Inputs!;
        string[] hashes = [Hash(content[..^1]), Hash("x")];
        Assert.Equal(BlobId.Of(Convert.FromHexString(string.Concat(hashes))), found.Segments);
        foreach (string name in (string[])[found.Segments.ToString()!, found.Id.ToString()!, .. hashes])
        {
            Assert.True(BlobId.TryParse(name, out var id));
            using var stream = inputs.Offered.Open(id)!;
            Assert.Equal(name, Convert.ToHexStringLower(SHA256.HashData(stream)));
        }

        Assert.Null(inputs.Risk.Weights!.Segments);
        Assert.Null(inputs.Risk.Targets!.Segments);
        Assert.Equal(here.Risk, inputs.Risk);
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
