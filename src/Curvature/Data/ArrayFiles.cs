using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Data.Formats;

namespace ActorHutch.Curvature.Data;

/// <summary>Opens files of arrays, of every format that is read.</summary>
public static class ArrayFiles
{
    /// <summary>The formats, for a message or a help text.</summary>
    public const string Formats = "IDX, NumPy's .npy (both also gzipped) and .npz, safetensors, and dictionaries of torch.save";

    /// <summary>
    /// Opens a file and checks what it declares of its arrays against its real length. Its first bytes say the format;
    /// its name does not matter. One in JSON is an index of shards in safetensors, whose arrays are found together.
    /// </summary>
    /// <exception cref="CurvatureException">
    /// There is no such file, it cannot be read, no format fits, or what it declares cannot be true.
    /// </exception>
    public static ArrayFile Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Open(SafetensorsIndex.Joined(FileBytes.Open(path)));
    }

    /// <summary>
    /// Opens and hashes a file of weights. Where it is an index of shards, as Hugging Face's <c>model.safetensors.index.json</c>, the
    /// result is one file in safetensors with the tensors that the index names, read from the shards beside it.
    /// </summary>
    /// <exception cref="CurvatureException">A file cannot be read, or the index and its shards do not fit each other.</exception>
    public static HashedFile OpenWeights(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return LocalFile.Of(SafetensorsIndex.Joined(FileBytes.Open(path)));
    }

    /// <summary>The same for a file that was hashed; it stays the caller's, and must be open as long as it is read.</summary>
    /// <exception cref="CurvatureException">No format fits, or what it declares cannot be true.</exception>
    /// <exception cref="FileChangedException">It is not what it was.</exception>
    public static ArrayFile Open(HashedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Open(file.Bytes());
    }

    /// <summary>The same for bytes that are open already. They belong to the file then, or are closed by the error.</summary>
    internal static ArrayFile Open(ByteSource bytes)
    {
        try
        {
            return FileSignature.Of(bytes) switch
            {
                FileFormat.Idx => new OpenArrayFile(bytes, [IdxFormat.Array(bytes)]),
                FileFormat.Npy => new OpenArrayFile(bytes, [NpyFormat.Array(bytes, "")]),
                FileFormat.Npz => NpzFormat.Open(bytes),
                FileFormat.Safetensors => SafetensorsFormat.Open(bytes),
                FileFormat.Gzip => Unpacked(bytes),
                _ => throw bytes.Wrong($"this is no file of arrays: it starts with {FileSignature.Describe(bytes)}. "
                    + $"{Formats} are read."),
            };
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static OpenArrayFile Unpacked(ByteSource packed)
    {
        var content = PackedBytes.Gzip(packed);
        StoredArray array = FileSignature.Of(content) switch
        {
            FileFormat.Idx => IdxFormat.Array(content),
            FileFormat.Npy => NpyFormat.Array(content, ""),
            _ => throw packed.Wrong("this gzip file holds neither IDX nor .npy: its content starts with "
                + $"{FileSignature.Describe(content)}. Unpack other formats first ({Formats} are read)."),
        };
        return new OpenArrayFile(packed, [array], content);
    }
}
