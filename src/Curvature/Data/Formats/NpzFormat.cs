using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>NumPy's format of several arrays: a zip file with one .npy file for each, stored or deflated.</summary>
/// <remarks>
/// The checksum of a deflated member is verified when it is unpacked. That of a stored one is not, since its rows are
/// read by themselves.
/// </remarks>
internal static class NpzFormat
{
    private const string Extension = ".npy";

    /// <summary>Where macOS puts what its file system knows of each member, under the member's name.</summary>
    private const string OfMacOs = "__MACOSX/";

    private const int Stored = 0;
    private const int Deflated = 8;

    /// <summary>The file with its arrays, in the order of the zip file's directory.</summary>
    public static ArrayFile Open(ByteSource zip)
    {
        var members = ZipDirectory.Read(zip);
        if (ZipMembers.Contents(members.Select(member => member.Name)) is ZipContents.TorchSave) return TorchSaveFormat.Open(zip, members);
        var arrays = new List<StoredArray>();
        var unpacked = new List<IDisposable>();
        foreach (var member in members.Where(IsArray))
        {
            string name = member.Name[..^Extension.Length];
            var content = Content(zip, member, $"{zip.Place}, array {name}");
            unpacked.Add(content);
            if (FileSignature.Of(content) is not FileFormat.Npy)
                throw content.Wrong($"it is no .npy file: it starts with {FileSignature.Describe(content)}.");
            arrays.Add(NpyFormat.Array(content, name));
        }

        return arrays.Count > 0 ? new OpenArrayFile(zip, arrays, unpacked) : throw zip.Wrong(Nothing(members));
    }

    private static bool IsArray(ZipMember member) => member.Name.EndsWith(Extension, StringComparison.Ordinal)
        && !member.Name.StartsWith(OfMacOs, StringComparison.Ordinal);

    private static ByteSource Content(ByteSource zip, ZipMember member, string place)
    {
        var packed = new PartBytes(place, zip, member.Start, member.PackedLength);
        if (member.IsEncrypted) throw packed.Wrong("it is encrypted; encrypted members are not read.");
        return member.Method switch
        {
            Stored when member.PackedLength == member.Length => packed,
            Stored => throw packed.Wrong(
                $"it is stored in {member.PackedLength} bytes and should have {member.Length}: the zip directory is damaged."),
            Deflated => PackedBytes.Deflate(packed, member.Length, member.Checksum),
            _ => throw packed.Wrong($"it is packed by method {member.Method}; 0 (stored) and 8 (deflated) are read."),
        };
    }

    private static string Nothing(List<ZipMember> members)
    {
        if (members.Count == 0) return "this zip file is empty; an .npz file holds one .npy file for each array.";
        string[] names = [.. members.Select(member => member.Name)];
        string hint = ZipMembers.Contents(names) switch
        {
            ZipContents.TorchScript => " It is a model in TorchScript, which holds its weights.",
            ZipContents.ExportedProgram => " It is an exported program of PyTorch's: save its tensors as safetensors or with numpy.savez.",
            _ => "",
        };
        return $"this zip file holds no .npy file, but {ZipMembers.List(names)}.{hint}";
    }
}
