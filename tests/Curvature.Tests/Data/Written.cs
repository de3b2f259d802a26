using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Files of arrays, byte by byte as their formats' specifications have them.</summary>
internal static class Written
{
    public static byte[] Idx(int type, long[] shape, byte[] data)
    {
        var bytes = new List<byte> { 0, 0, (byte)type, (byte)shape.Length };
        foreach (long length in shape) bytes.AddRange(BigEndian((uint)length));
        return [.. bytes, .. data];
    }

    public static byte[] Idx(Element element, long[] shape, IEnumerable<double> values) =>
        Idx(element.Idx!.Value, shape, element.Bytes(values, bigEndian: true));

    public static byte[] Npy(string header, byte[] data, int version = 1)
    {
        byte[] text = Encoding.Latin1.GetBytes(header.PadRight(117) + "\n");
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. data];
    }

    public static byte[] Npy(string descriptor, long[] shape, byte[] data, bool fortran = false, int version = 1) =>
        Npy($"{{'descr': '{descriptor}', 'fortran_order': {fortran}, 'shape': {Tuple(shape)}, }}", data, version);

    public static byte[] Npy(Element element, long[] shape, IEnumerable<double> values) =>
        Npy($"{(element.Size == 1 ? '|' : '<')}{element.Npy}", shape, element.Bytes(values));

    public static byte[] Safetensors(string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)text.Length), .. text, .. data];
    }

    public static byte[] Safetensors(params (string Name, Element Element, long[] Shape, double[] Values)[] arrays)
    {
        var header = new List<string>();
        var data = new List<byte>();
        foreach (var (name, element, shape, values) in arrays)
        {
            int start = data.Count;
            data.AddRange(element.Bytes(values));
            header.Add($"\"{name}\":{{\"dtype\":\"{element.Safetensors}\",\"shape\":[{string.Join(',', shape)}],"
                + $"\"data_offsets\":[{start},{data.Count}]}}");
        }

        return Safetensors($"{{{string.Join(',', header)}}}", [.. data]);
    }

    public static byte[] Gzip(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.SmallestSize)) gzip.Write(content);
        return memory.ToArray();
    }

    private static string Tuple(long[] shape) => shape.Length == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape)})";

    private static byte[] BigEndian(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
