using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// Hugging Face's index of weights that are several files: JSON with a <c>weight_map</c>, which says for each tensor in which file
/// beside the index it is. See https://huggingface.co/docs/transformers/big_models.
/// </summary>
internal static class SafetensorsIndex
{
    private const string Map = "weight_map";

    private const int Alignment = 8, MostListed = 5;

    private const long MaxLength = 100_000_000;

    /// <summary>
    /// The same bytes, unless they are JSON: then those of one file in safetensors, with the tensors that the index names, in its order.
    /// A shard's tensors are read where they lie, when they are asked for.
    /// </summary>
    /// <param name="file">The file. It belongs to the result, or is closed by the error.</param>
    /// <exception cref="CurvatureException">It is JSON and no index, or the shards are not what it says.</exception>
    public static ByteSource Joined(FileBytes file)
    {
        var files = new List<ByteSource> { file };
        try
        {
            return FileSignature.Of(file) is FileFormat.Json ? Join(file, files) : file;
        }
        catch
        {
            foreach (var open in files) open.Dispose();
            throw;
        }
    }

    private static JoinedBytes Join(FileBytes index, List<ByteSource> files)
    {
        var map = Read(index);
        string folder = Path.GetDirectoryName(index.Place) ?? "";
        var shards = new Dictionary<string, (ByteSource File, Dictionary<string, SafetensorsEntry> Entries)>(StringComparer.Ordinal);
        foreach (string name in map.Select(pair => pair.Shard).Distinct(StringComparer.Ordinal))
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path)) throw index.Wrong($"its shard {name} is missing: no such file is in the index's folder.");
            var shard = FileBytes.Open(path);
            files.Add(shard);
            if (FileSignature.Of(shard) is not FileFormat.Safetensors)
                throw index.Wrong($"its shard {name} must be in safetensors, and starts with {FileSignature.Describe(shard)}.");
            shards[name] = (shard, SafetensorsFormat.Entries(shard).ToDictionary(entry => entry.Array.Name, StringComparer.Ordinal));
        }

        Check(index, map, [.. shards.Select(pair => (pair.Key, pair.Value.Entries.Keys))]);
        (ByteSource File, SafetensorsEntry Entry)[] tensors = [.. map.Select(pair => (shards[pair.Shard].File, shards[pair.Shard].Entries[pair.Name]))];
        return new JoinedBytes(
            index.Place,
            [
                new MemoryBytes(index.Place, Header(tensors.Select(tensor => tensor.Entry))),
                .. tensors.Select(tensor => new PartBytes(tensor.File.Place, tensor.File, tensor.Entry.Start, tensor.Entry.Bytes)),
            ],
            files);
    }

    /// <summary>The map, with names that are none of files in the index's folder refused.</summary>
    private static (string Name, string Shard)[] Read(FileBytes index)
    {
        if (index.Length > MaxLength) throw index.Wrong($"this JSON file has {index.Length} bytes; an index of at most {MaxLength} is read.");
        byte[] text = index.Head((int)index.Length);
        try
        {
            // Parse takes no mark of the byte order.
            ReadOnlyMemory<byte> json = text.AsSpan().StartsWith("\uFEFF"u8) ? text.AsMemory(3) : text;
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind is not JsonValueKind.Object || !document.RootElement.TryGetProperty(Map, out var map)
                || map.ValueKind is not JsonValueKind.Object)
            {
                throw index.Wrong($"this JSON file is no index of weights: it must be an object with a '{Map}', an object that gives each tensor's shard.");
            }

            var found = map.EnumerateObject().Select(entry => (entry.Name, Shard(entry))).ToArray();
            return found.Length > 0 ? found : throw index.Wrong($"its '{Map}' is empty.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The second is what strings bring that are no UTF-8.
            throw index.Wrong($"an index of weights must be valid JSON: {error.Message}", error);
        }

        string Shard(JsonProperty entry)
        {
            string? name = entry.Value.ValueKind is JsonValueKind.String ? entry.Value.GetString() : null;
            bool isInside = !string.IsNullOrEmpty(name) && !Path.IsPathRooted(name) && name.AsSpan().IndexOf('\0') < 0 && !name.Split('/', '\\').Contains("..");
            return isInside ? name! : throw index.Wrong(
                $"its '{Map}' gives {entry.Name} the shard {entry.Value.GetRawText()}, which must be the name of a file in the index's folder, without '..'.");
        }
    }

    /// <summary>Each tensor is where the map says, and no shard has others.</summary>
    private static void Check(FileBytes index, (string Name, string Shard)[] map, (string Shard, Dictionary<string, SafetensorsEntry>.KeyCollection Names)[] shards)
    {
        var said = map.ToLookup(pair => pair.Shard, pair => pair.Name);
        foreach (var (shard, names) in shards)
        {
            string[] missing = [.. said[shard].Except(names)], others = [.. names.Except(said[shard])];
            if (missing.Length > 0) throw index.Wrong($"its shard {shard} does not hold {List(missing)}, as '{Map}' says.");
            if (others.Length > 0) throw index.Wrong($"its shard {shard} also holds {List(others)}, which '{Map}' does not list.");
        }
    }

    private static string List(string[] names) =>
        string.Join(", ", names.Take(MostListed)) + (names.Length > MostListed ? $" and {names.Length - MostListed} more" : "");

    private static byte[] Header(IEnumerable<SafetensorsEntry> entries)
    {
        var header = new JsonObject();
        long offset = 0;
        foreach (var entry in entries)
        {
            header[entry.Array.Name] = new JsonObject
            {
                ["dtype"] = entry.Dtype,
                ["shape"] = new JsonArray([.. entry.Array.Shape.Select(length => (JsonNode)length)]),
                ["data_offsets"] = new JsonArray(offset, offset + entry.Bytes),
            };
            offset += entry.Bytes;
        }

        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        byte[] whole = [.. BitConverter.GetBytes((text.Length + Alignment - 1L) / Alignment * Alignment), .. text];
        int length = whole.Length;
        Array.Resize(ref whole, sizeof(long) + (text.Length + Alignment - 1) / Alignment * Alignment);
        whole.AsSpan(length).Fill((byte)' ');
        return whole;
    }
}
