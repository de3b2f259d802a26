using System.Globalization;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text.RegularExpressions;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Data.Formats;

namespace ActorHutch.Curvature.Models;

/// <summary>
/// Looks into a file before libtorch does. TorchScript is a ZIP archive of code, pickled objects and tensors; libtorch
/// reads it without comparing checksums, and what a damaged one does to it is anyone's guess.
/// </summary>
internal static partial class TorchScriptArchive
{
    private const string HowToExport =
        "Save the model in PyTorch with torch.jit.save(torch.jit.script(model), path), or torch.jit.trace(model, inputs) "
        + "where it cannot be scripted; tools/export_pytorch.py does it.";

    private static readonly HashSet<string> LibTorchNamespaces =
    [
        "aten", "prim", "prims", "quantized", "_quantized", "prepacked", "mkldnn", "mkldnn_prepacked", "mkl", "onednn", "sparse",
    ];

    /// <summary>Checks that a file is a whole TorchScript archive, whose code opens no files.</summary>
    /// <exception cref="CurvatureException">It is damaged, or something else.</exception>
    public static void Check(ByteSource bytes)
    {
        string path = bytes.Place;
        try
        {
            CheckKind(bytes.Head(2), path);
            _ = ZipDirectory.Read(bytes);
            using var archive = new ZipArchive(new SourceStream(bytes), ZipArchiveMode.Read);
            CheckContents(archive, path);
            CheckSums(archive, path);
            CheckOperators(archive, path);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new CurvatureException($"{path} is damaged: {error.Message} Copy or save it again.", error);
        }
    }

    private static void CheckKind(ReadOnlySpan<byte> head, string path)
    {
        if (head is [0x80, >= 2 and <= 5])
        {
            throw new CurvatureException(
                $"{path} is a pickle, as torch.save of PyTorch before 1.6 writes them, and no TorchScript. {HowToExport}");
        }

        if (head is not [(byte)'P', (byte)'K'])
            throw new CurvatureException($"{path} is no TorchScript, which is a ZIP archive. {HowToExport}");
    }

    private static void CheckContents(ZipArchive archive, string path)
    {
        string[] names = [.. archive.Entries.Select(entry => entry.FullName[(entry.FullName.IndexOf('/') + 1)..])];
        if (names.Any(name => name.StartsWith("code/", StringComparison.Ordinal)) && names.Contains("constants.pkl")) return;

        throw new CurvatureException(names.Contains("data.pkl")
            ? $"{path} was written by torch.save: it holds a state dict or a pickled model, and no TorchScript. {HowToExport} "
                + "Or describe the model in JSON, and give its weights as safetensors."
            : $"{path} is a ZIP archive without TorchScript in it. {HowToExport}");
    }

    private static void CheckSums(ZipArchive archive, string path)
    {
        double size = archive.Entries.Sum(entry => (double)entry.Length);
        if (size > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw new CurvatureException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path} unpacks to {size / (1L << 30):N1} GiB, which this machine's memory does not hold."));
        }

        byte[] buffer = new byte[1 << 16];
        foreach (var entry in archive.Entries)
        {
            using var content = entry.Open();
            long length = 0;
            var sum = new Crc32();
            for (int read; (read = content.Read(buffer)) > 0; length += read)
            {
                sum.Append(buffer.AsSpan(0, read));
                if (length + read > entry.Length) break;
            }

            if (length != entry.Length || sum.GetCurrentHashAsUInt32() != entry.Crc32)
            {
                throw new CurvatureException(
                    $"{path} is damaged: its entry {entry.FullName} does not have the checksum that the archive says. "
                    + "Copy or save it again.");
            }
        }
    }

    /// <summary>
    /// libtorch ends the process where code calls an operator of a library that is not loaded; and a model has no business
    /// with the files of the machine that it runs on.
    /// </summary>
    private static void CheckOperators(ZipArchive archive, string path)
    {
        var foreign = new SortedSet<string>(StringComparer.Ordinal);
        var opening = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries.Where(entry => entry.FullName.EndsWith(".py", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(entry.Open());
            string code = reader.ReadToEnd();
            opening.UnionWith(TorchScriptFileOperators.NamedIn(code));
            foreach (Match call in OperatorCall().Matches(code))
            {
                if (!LibTorchNamespaces.Contains(call.Groups["library"].Value)) foreign.Add(call.Groups["name"].Value);
            }
        }

        if (opening.Count > 0)
        {
            throw new CurvatureException(
                $"{path} names operators that open files: {string.Join(", ", opening.Select(name => $"torch.{name}"))}. A model "
                + "may not open files on the machine that computes: write it without them, and call no method of its own by these names.");
        }

        if (foreign.Count > 0)
        {
            throw new CurvatureException(
                $"{path} calls operators that are not libtorch's: {string.Join(", ", foreign)}. Write the model without them.");
        }
    }

    [GeneratedRegex(@"(?<![\w.])ops\.(?<name>(?<library>\w+)\.\w+)\(")]
    private static partial Regex OperatorCall();
}
