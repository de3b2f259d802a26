using System.Buffers.Binary;
using System.Text.Json;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// Hugging Face's format: the length of a header in eight bytes, the header in JSON, the elements of all arrays,
/// little-endian and without gaps. See https://huggingface.co/docs/safetensors.
/// </summary>
internal sealed class SafetensorsFormat
{
    /// <summary>As the reference implementation has it.</summary>
    private const long MaxHeaderLength = 100_000_000;

    private const int LengthSize = 8;

    private readonly ByteSource _file;
    private readonly long _dataStart;
    private readonly List<SafetensorsEntry> _found = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafetensorsFormat(ByteSource file, long dataStart) => (_file, _dataStart) = (file, dataStart);

    /// <summary>The file, with its arrays in the header's order.</summary>
    public static OpenArrayFile Open(ByteSource file)
    {
        var format = Read(file);
        return new OpenArrayFile(file, [.. format._found.Select(entry => entry.Array)]) { Said = format._metadata };
    }

    /// <summary>What the header says of each array, in its order; the file stays the caller's.</summary>
    public static IReadOnlyList<SafetensorsEntry> Entries(ByteSource file) => Read(file)._found;

    private static SafetensorsFormat Read(ByteSource file)
    {
        long headerLength = BinaryPrimitives.ReadInt64LittleEndian(file.Head(LengthSize));
        if (headerLength > MaxHeaderLength)
        {
            throw file.Wrong($"bytes 0 to 8 say that the safetensors header has {headerLength} bytes; at most "
                + $"{MaxHeaderLength} are read.");
        }

        if (headerLength > file.Length - LengthSize)
        {
            throw file.Wrong($"bytes 0 to 8 say that the safetensors header has {headerLength} bytes, and "
                + $"{file.Length - LengthSize} follow: it was cut off, or is damaged.");
        }

        var format = new SafetensorsFormat(file, LengthSize + headerLength);
        format.ReadHeader((int)headerLength);
        format.CheckOffsets();
        return format;
    }

    private void ReadHeader(int length)
    {
        byte[] text = new byte[length];
        _file.Read(LengthSize, text);
        try
        {
            using var header = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            foreach (var entry in header.RootElement.EnumerateObject())
            {
                if (entry.Name != "__metadata__") Add(entry.Name, entry.Value);
                else AddMetadata(entry.Value);
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The second is what strings bring that are no UTF-8.
            throw _file.Wrong($"the safetensors header is no valid JSON: {error.Message}", error);
        }
    }

    private void AddMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object) return;
        foreach (var entry in metadata.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.String))
            _metadata[entry.Name] = entry.Value.GetString()!;
    }

    private void Add(string name, JsonElement entry)
    {
        string place = $"{_file.Place}, array {name}";
        var shape = Numbers("shape");
        var offsets = Numbers("data_offsets");
        if (Field("dtype").ValueKind is not JsonValueKind.String) throw Wrong("'dtype' is no string.");
        string dtype = Field("dtype").GetString()!;
        var element = Element(dtype);
        if (offsets.Length != 2) throw Wrong($"'data_offsets' are {offsets.Length} numbers, and should be two.");

        var (begin, end) = (offsets[0], offsets[1]);
        if (begin < 0 || end < begin) throw Wrong($"'data_offsets' [{begin}, {end}] are no range.");
        if (end > _file.Length - _dataStart)
        {
            throw Wrong($"'data_offsets' [{begin}, {end}] end past the file, which has {_file.Length - _dataStart} "
                + "bytes of data: it was cut off, or its header is damaged.");
        }

        long size = ArrayShape.ByteCount(new PartBytes(place, _file, 0, 0), shape, element.StoredSize);
        if (size != end - begin)
        {
            throw Wrong($"the shape {ArrayShape.Text(shape)} takes {size} bytes, and 'data_offsets' [{begin}, {end}] "
                + $"are {end - begin}.");
        }

        _found.Add(new SafetensorsEntry(new LaidOutArray(name, place, shape, element, _file, _dataStart + begin), dtype, begin, end, _dataStart + begin));

        JsonElement Field(string field) =>
            entry.ValueKind is JsonValueKind.Object && entry.TryGetProperty(field, out var value)
                ? value
                : throw Wrong($"the safetensors header gives it no '{field}'.");

        long[] Numbers(string field)
        {
            var value = Field(field);
            if (value.ValueKind is not JsonValueKind.Array) throw Wrong($"'{field}' is no list.");
            return [.. value.EnumerateArray().Select(item =>
                item.ValueKind is JsonValueKind.Number && item.TryGetInt64(out long number)
                    ? number
                    : throw Wrong($"'{field}' has an item that is no 64-bit integer."))];
        }

        ElementFormat Element(string word) => word switch
        {
            "BOOL" => ElementFormat.Boolean,
            "U8" => ElementFormat.UInt8,
            "U16" => ElementFormat.UInt16,
            "U32" => ElementFormat.UInt32,
            "U64" => ElementFormat.UInt64,
            "I8" => ElementFormat.Int8,
            "I16" => ElementFormat.Int16,
            "I32" => ElementFormat.Int32,
            "I64" => ElementFormat.Int64,
            "F16" => ElementFormat.Float16,
            "BF16" => ElementFormat.BFloat16,
            "F32" => ElementFormat.Float32,
            "F64" => ElementFormat.Float64,
            _ => throw Wrong($"the dtype '{(word.Length <= 20 ? word : word[..20] + "…")}' is not read; BOOL, U8 to "
                + "U64, I8 to I64, F16, BF16, F32 and F64 are."),
        };

        CurvatureException Wrong(string what) => new($"{place}: {what}");
    }

    /// <summary>Every byte of data belongs to one array.</summary>
    private void CheckOffsets()
    {
        long at = 0;
        string before = "the header";
        foreach (var (array, _, begin, end, _) in _found.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (begin < at) throw _file.Wrong($"array {array.Name} overlaps {before}: it begins at {begin}, before {at}.");
            if (begin > at) throw _file.Wrong($"bytes {at} to {begin} of the data, after {before}, belong to no array.");
            (at, before) = (end, $"array {array.Name}");
        }

        long dataLength = _file.Length - _dataStart;
        if (at < dataLength) throw _file.Wrong($"bytes {at} to {dataLength} of the data, after {before}, belong to no array.");
    }
}

/// <summary>An array as a safetensors header has it.</summary>
/// <param name="Array">The array.</param>
/// <param name="Dtype">The word for its numbers' type.</param>
/// <param name="Begin">Where its bytes begin in the file's data.</param>
/// <param name="End">Where they end.</param>
/// <param name="Start">Where they begin in the file.</param>
internal sealed record SafetensorsEntry(StoredArray Array, string Dtype, long Begin, long End, long Start)
{
    /// <summary>How many bytes it has.</summary>
    public long Bytes => End - Begin;
}
