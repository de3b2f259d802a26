using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>Writes arrays in double precision as safetensors: a header of JSON with its length before it, and then the numbers.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>An array by its name.</summary>
    /// <param name="Name">The name.</param>
    /// <param name="Shape">The shape.</param>
    /// <param name="Parts">Its numbers in row-major order, in pieces.</param>
    public sealed record Array(string Name, IReadOnlyList<long> Shape, IEnumerable<ReadOnlyMemory<double>> Parts)
    {
        internal long Bytes => sizeof(double) * Shape.Aggregate(1L, (product, length) => product * length);
    }

    /// <summary>Writes them, on a little-endian machine.</summary>
    public static void Write(Stream stream, IReadOnlyList<Array> arrays)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(arrays);
        var header = new JsonObject();
        long offset = 0;
        foreach (var array in arrays)
        {
            header[array.Name] = new JsonObject
            {
                ["dtype"] = "F64",
                ["shape"] = new JsonArray([.. array.Shape.Select(length => (JsonNode)length)]),
                ["data_offsets"] = new JsonArray(offset, offset + array.Bytes),
            };
            offset += array.Bytes;
        }

        byte[] text = JsonSerializer.SerializeToUtf8Bytes(header);
        int padded = (text.Length + Alignment - 1) / Alignment * Alignment;
        stream.Write(BitConverter.GetBytes((long)padded));
        stream.Write(text);
        for (int i = text.Length; i < padded; i++) stream.WriteByte((byte)' ');
        foreach (var array in arrays)
        {
            foreach (var part in array.Parts) stream.Write(MemoryMarshal.AsBytes(part.Span));
        }
    }
}
