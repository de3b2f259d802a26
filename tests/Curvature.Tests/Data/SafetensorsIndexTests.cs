using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fuzzing;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Hugging Face's index of weights in several files.</summary>
public sealed class SafetensorsIndexTests : DataFolder
{
    private const string First = "model-00001-of-00002.safetensors", Second = "model-00002-of-00002.safetensors", Index = "model.safetensors.index.json";

    private static readonly (string Name, Element Element, long[] Shape, double[] Values)[] Arrays =
    [
        ("a", Element.All["F32"], [2, 3], [1.5, -2, 3, 4, 5, 6.25]), ("counts", Element.All["I64"], [], [7]), ("empty", Element.All["F32"], [0, 4], []),
        ("half", Element.All["BF16"], [3], [0.5, -1, 2]), ("z", Element.All["F64"], [2], [1e300, -1e-300]),
    ];

    public SafetensorsIndexTests()
    {
        Write(First, Written.Safetensors(Arrays[3], Arrays[0]));
        Write(Second, Written.Safetensors(Arrays[1], Arrays[4], Arrays[2]));
    }

    /// <summary>By name or by its hash: the tensors of one file, bit for bit and in the index's order.</summary>
    [Theory, InlineData(false), InlineData(true)]
    public void The_tensors_are_those_of_one_file(bool isHashed)
    {
        string index = WriteIndex(Map());
        using var whole = ArrayFiles.Open(Write("whole.safetensors", Written.Safetensors(Arrays)));
        using var hashed = isHashed ? ArrayFiles.OpenWeights(index) : null;
        using var joined = hashed is null ? ArrayFiles.Open(index) : ArrayFiles.Open(hashed);

        Assert.Equal(index, joined.Path);
        Assert.Equal(["a", "counts", "empty", "half", "z"], joined.Arrays.Select(array => array.Name));
        foreach (var (one, other) in whole.Arrays.Zip(joined.Arrays))
        {
            using Tensor expected = one.Read(), found = other.Read();
            Assert.Equal((expected.dtype, string.Join(',', expected.shape)), (found.dtype, string.Join(',', found.shape)));
            Assert.Equal(expected.bytes.ToArray(), found.bytes.ToArray());
        }
    }

    /// <summary>The hash names the tensors: what else is in the index does not matter, and each number does.</summary>
    [Fact]
    public void The_hash_is_that_of_the_tensors()
    {
        string index = WriteIndex(Map());
        string before = Hash();
        File.WriteAllText(index, $$"""{"metadata": {"total_size": 64}, "weight_map": {{Map()}} }""");
        Assert.Equal(before, Hash());
        Write(First, Written.Safetensors(Arrays[3], Arrays[0] with { Values = [1.5, -2, 3, 4, 5, 6.5] }));
        Assert.NotEqual(before, Hash());

        string Hash()
        {
            using var file = ArrayFiles.OpenWeights(index);
            return file.Content.Sha256;
        }
    }

    /// <summary>Many blocks, read from any place: what is at the ends of blocks and shards comes from the right one.</summary>
    [Fact]
    public void Large_shards_are_read_in_parts()
    {
        double[] numbers = [.. Enumerable.Range(0, 3 * ContentHashes.BlockSize).Select(i => (double)(float)Math.Sin(i))];
        string[] names = ["p", "q", "r"];
        foreach (string name in names) Write(name, Written.Safetensors((name, Element.All["F32"], [numbers.Length], [.. numbers.Select(value => value + name[0])])));
        using var hashed = ArrayFiles.OpenWeights(WriteIndex("""{"r": "r", "p": "p", "q": "q"}"""));
        using var joined = ArrayFiles.Open(hashed);

        foreach (var array in joined.Arrays)
        {
            double[] all = Reading.Numbers(array.Read());
            Assert.Equal(numbers.Select(value => (double)(float)(value + array.Name[0])), all);
            Assert.Equal(all[16_379..16_384], Reading.Numbers(array.Read(16_379, 5)));
        }
    }

    [Fact]
    public void A_shard_that_changes_is_named_and_not_read()
    {
        using var hashed = ArrayFiles.OpenWeights(WriteIndex(Map()));
        Assert.True(hashed.IsInPlace);
        byte[] bytes = File.ReadAllBytes(Path(Second));
        bytes[^1] ^= 1;
        using (var shard = File.Open(Path(Second), FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) shard.Write(bytes);
        File.SetLastWriteTimeUtc(Path(Second), DateTime.UtcNow.AddMinutes(1));

        var error = Assert.Throws<FileChangedException>(() => ArrayFiles.Open(hashed));

        Assert.Contains(Path(Second), error.Message, StringComparison.Ordinal);
        Assert.False(hashed.IsInPlace);
    }

    [Theory]
    [InlineData("""{"a": "../model.safetensors"}""", "gives a the shard \"../model.safetensors\"", "in the index's folder")]
    [InlineData("""{"a": "part/../../model.safetensors"}""", "part/../..", "without '..'")]
    [InlineData("""{"a": "..\\model.safetensors"}""", "the shard", "without '..'")]
    [InlineData("""{"a": "/etc/passwd"}""", "/etc/passwd", "in the index's folder")]
    [InlineData("""{"a": ""}""", "gives a the shard \"\"", "must be the name of a file")]
    [InlineData("""{"a": 7}""", "gives a the shard 7", "must be the name of a file")]
    [InlineData("""{"a": "gone.safetensors"}""", "shard gone.safetensors is missing", "index's folder")]
    [InlineData("""{"a": "text"}""", "shard text must be in safetensors", "\"some text")]
    [InlineData("""{"a": "model-00001-of-00002.safetensors", "half": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors"}""", "does not hold b", "model-00001")]
    [InlineData("""{"a": "model-00001-of-00002.safetensors"}""", "also holds half", "model-00001")]
    [InlineData("{}", "'weight_map' is empty", "")]
    [InlineData("[]", "no index of weights", "'weight_map'")]
    [InlineData("""{"a": "x", "a": "x"}""", "valid JSON", "")]
    [InlineData("""{"\ud800": "x"}""", "valid JSON", "")]
    public void What_is_wrong_is_named(string map, string first, string second)
    {
        Write("text", "some text that is no safetensors"u8.ToArray());

        Reading.Rejects(WriteIndex(map), first, second);
    }

    [Fact]
    public void A_shard_that_is_damaged_is_named()
    {
        string shard = Write(First, Written.Safetensors(Arrays[3], Arrays[0])[..40]);

        Assert.StartsWith($"{shard}: ", Assert.Throws<CurvatureException>(() => ArrayFiles.OpenWeights(WriteIndex(Map()))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"weight_map\": ", "valid JSON")]
    [InlineData("{\"weights\": {}}", "no index of weights")]
    [InlineData("[1, 2]", "no index of weights")]
    [InlineData("not JSON", "no file of arrays")]
    public void A_file_that_is_no_index(string content, string message) =>
        Reading.Rejects(Write(Index, System.Text.Encoding.UTF8.GetBytes(content)), message);

    [Fact]
    public void A_damaged_index_is_read_or_rejected()
    {
        byte[] right = File.ReadAllBytes(WriteIndex(Map()));
        var mutations = new Mutations(seed: 5);
        var (read, rejected) = (0, 0);
        for (int i = 0; i < 2000; i++)
        {
            string index = Write(Index, mutations.Mutate(right));
            try
            {
                using var file = ArrayFiles.OpenWeights(index);
                read++;
            }
            catch (CurvatureException)
            {
                rejected++;
            }
        }

        // What is within a name that stays in its shard, or white space, leaves it right; most of it is neither.
        Assert.True(read > 0 && rejected > read, $"{read} read, {rejected} rejected");
    }

    private static string Map() => $$"""{"a": "{{First}}", "counts": "{{Second}}", "empty": "{{Second}}", "half": "{{First}}", "z": "{{Second}}"}""";

    private string WriteIndex(string map) => Write(Index, System.Text.Encoding.UTF8.GetBytes($$"""{"weight_map": {{map}} }"""));
}
