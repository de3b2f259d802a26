using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ActorHutch.Fakes;

/// <summary>A small network and its data as the files that a user has; gone when it is disposed of.</summary>
internal sealed class ModelFiles : IDisposable
{
    private const int Hidden = 5, Samples = 40;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Random _random = new(20);

    /// <param name="inputs">Numbers in a sample.</param>
    /// <param name="classes">Numbers in an output.</param>
    public ModelFiles(int inputs = 6, int classes = 3)
    {
        File.WriteAllText(PathOf("model.json"), $$"""
            { "type": "Sequential", "layers": [
                { "type": "Flatten", "name": "flat" },
                { "type": "Linear", "name": "0", "in_features": {{inputs}}, "out_features": {{Hidden}} }, { "type": "Tanh", "name": "1" },
                { "type": "Linear", "name": "2", "in_features": {{Hidden}}, "out_features": {{classes}} } ] }
            """);
        Write("weights.safetensors",
            ("0.weight", "F32", [Hidden, inputs], Reals(Hidden * inputs)), ("0.bias", "F32", [Hidden], Reals(Hidden)),
            ("2.weight", "F32", [classes, Hidden], Reals(classes * Hidden)), ("2.bias", "F32", [classes], Reals(classes)));
        Write("data.safetensors",
            ("inputs", "F32", [Samples, inputs], Reals(Samples * inputs)),
            ("targets", "I64", [Samples], MemoryMarshal.AsBytes(
                Enumerable.Range(0, Samples).Select(_ => _random.NextInt64(classes)).ToArray().AsSpan()).ToArray()));
        // Real targets of the output's shape that are probabilities too.
        Write("soft.safetensors",
            ("inputs", "F32", [Samples, inputs], Reals(Samples * inputs)),
            ("targets", "F32", [Samples, classes], MemoryMarshal.AsBytes(
                Enumerable.Range(0, Samples * classes).Select(i => i % classes == 0 ? 1 - 0.25f * (classes - 1) : 0.25f).ToArray().AsSpan()).ToArray()));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("actorhutch-model-").FullName;

    /// <summary>What a command line says of the model.</summary>
    public string[] ModelOptions => ["--model", PathOf("model.json"), "--weights", PathOf("weights.safetensors")];

    /// <summary>What a command line says of model and data.</summary>
    public string[] Options => [.. ModelOptions, "--data", PathOf("data.safetensors")];

    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Copies them into another folder.</summary>
    public void CopyTo(string folder)
    {
        foreach (string file in Directory.GetFiles(Folder)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
    }

    /// <summary>Cuts a file in safetensors of numbers in single precision into two shards, with every other array each, and an index of them.</summary>
    /// <param name="name">The file.</param>
    /// <param name="folder">Where the shards and the index go, in the folder of the others.</param>
    /// <returns>Where the index lies.</returns>
    public string WriteShards(string name, string folder)
    {
        byte[] bytes = File.ReadAllBytes(PathOf(name));
        int data = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, data - 8));
        var arrays = header.RootElement.EnumerateObject().Select((array, i) =>
        {
            int[] offsets = [.. array.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => data + offset.GetInt32())];
            int[] shape = [.. array.Value.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32())];
            return (Shard: $"model-{1 + i % 2:00000}-of-00002.safetensors", Array: (array.Name, "F32", shape, bytes[offsets[0]..offsets[1]]));
        }).ToArray();
        Directory.CreateDirectory(PathOf(folder));
        foreach (var shard in arrays.GroupBy(pair => pair.Shard, pair => pair.Array)) Write(Path.Combine(folder, shard.Key), [.. shard]);
        string index = PathOf(Path.Combine(folder, "model.safetensors.index.json"));
        var map = arrays.ToDictionary(pair => pair.Array.Name, pair => pair.Shard);
        File.WriteAllText(index, JsonSerializer.Serialize(new { metadata = new { total_size = bytes.Length - data }, weight_map = map }, Indented));
        return index;
    }

    /// <summary>Data for the model of three classes, whose targets are real numbers, and what the file says of itself.</summary>
    /// <param name="name">The file.</param>
    /// <param name="sum">What the three numbers of a target add up to.</param>
    /// <param name="metadata">Names and texts.</param>
    /// <returns>Where it lies.</returns>
    public string WriteSoftTargets(string name, float sum, params (string Name, string Text)[] metadata)
    {
        float[] targets = [.. Enumerable.Range(0, Samples).SelectMany(_ =>
        {
            float first = _random.NextSingle() * sum / 2, second = _random.NextSingle() * sum / 2;
            return (float[])[first, second, sum - first - second];
        })];
        Write(name, metadata,
            ("inputs", "F32", [Samples, 6], Reals(Samples * 6)),
            ("targets", "F32", [Samples, 3], MemoryMarshal.AsBytes(targets.AsSpan()).ToArray()));
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>Random numbers, as float32.</summary>
    public byte[] Reals(int count) => MemoryMarshal.AsBytes(
        Enumerable.Range(0, count).Select(_ => _random.NextSingle() - 0.5f).ToArray().AsSpan()).ToArray();

    /// <summary>Writes arrays in safetensors.</summary>
    public void Write(string name, params (string Name, string Dtype, int[] Shape, byte[] Content)[] arrays) => Write(name, [], arrays);

    private void Write(
        string name, (string Name, string Text)[] metadata, params (string Name, string Dtype, int[] Shape, byte[] Content)[] arrays)
    {
        int offset = 0;
        var header = new Dictionary<string, object>();
        if (metadata.Length > 0) header["__metadata__"] = metadata.ToDictionary(pair => pair.Name, pair => pair.Text);
        foreach (var (array, dtype, shape, content) in arrays)
        {
            header[array] = new { dtype, shape, data_offsets = new[] { offset, offset + content.Length } };
            offset += content.Length;
        }

        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(PathOf(name), [.. length, .. json, .. arrays.SelectMany(array => array.Content)]);
    }
}
