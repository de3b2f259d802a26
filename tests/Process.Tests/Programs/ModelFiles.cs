using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace ActorHutch.Process.Tests.Programs;

/// <summary>A small network and its data as the files that a user has; gone when it is disposed of.</summary>
internal sealed class ModelFiles : IDisposable
{
    private const int Inputs = 6, Hidden = 5, Classes = 3, Samples = 40;

    private readonly Random _random = new(20);

    public ModelFiles()
    {
        File.WriteAllText(PathOf("model.json"), $$"""
            { "type": "Sequential", "layers": [
                { "type": "Linear", "in_features": {{Inputs}}, "out_features": {{Hidden}} }, { "type": "Tanh" },
                { "type": "Linear", "in_features": {{Hidden}}, "out_features": {{Classes}} } ] }
            """);
        Write("weights.safetensors",
            ("0.weight", "F32", [Hidden, Inputs], Reals(Hidden * Inputs)), ("0.bias", "F32", [Hidden], Reals(Hidden)),
            ("2.weight", "F32", [Classes, Hidden], Reals(Classes * Hidden)), ("2.bias", "F32", [Classes], Reals(Classes)));
        Write("data.safetensors",
            ("inputs", "F32", [Samples, Inputs], Reals(Samples * Inputs)),
            ("targets", "I64", [Samples], MemoryMarshal.AsBytes(
                Enumerable.Range(0, Samples).Select(_ => _random.NextInt64(Classes)).ToArray().AsSpan()).ToArray()));
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("actorhutch-model-").FullName;

    /// <summary>What a command line says of them.</summary>
    public string[] Options =>
        ["--model", PathOf("model.json"), "--weights", PathOf("weights.safetensors"), "--data", PathOf("data.safetensors")];

    public string PathOf(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private byte[] Reals(int count) => MemoryMarshal.AsBytes(
        Enumerable.Range(0, count).Select(_ => _random.NextSingle() - 0.5f).ToArray().AsSpan()).ToArray();

    private void Write(string name, params (string Name, string Dtype, int[] Shape, byte[] Content)[] arrays)
    {
        int offset = 0;
        var header = new Dictionary<string, object>();
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
