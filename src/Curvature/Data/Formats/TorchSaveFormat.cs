using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// What <c>torch.save</c> of PyTorch 1.6 and later writes of a dictionary of tensors, such as a state dict or a checkpoint that holds one: a zip file
/// with a pickle and the tensors' bytes. Nothing in it is run: of the pickle, tensors and dictionaries are read, and every other object is passed over.
/// </summary>
/// <remarks>As of .npz files, the checksums of stored members are not verified, since rows are read by themselves.</remarks>
internal static class TorchSaveFormat
{
    private const long MostPickle = 100_000_000;

    private const string PickleName = "data.pkl";

    /// <summary>Where checkpoints keep their state dict, as a rule.</summary>
    private static readonly string[] Usual = ["state_dict", "model_state_dict", "model", "module", "net", "weights"];

    private static readonly PickledName Tensor = new("torch._utils", "_rebuild_tensor_v2"), Parameter = new("torch._utils", "_rebuild_parameter");

    private static readonly Dictionary<PickledName, ElementFormat> Storages = new (string Name, ElementFormat Element)[]
    {
        ("Bool", ElementFormat.Boolean), ("Byte", ElementFormat.UInt8), ("Char", ElementFormat.Int8), ("Short", ElementFormat.Int16), ("Int", ElementFormat.Int32),
        ("Long", ElementFormat.Int64), ("Half", ElementFormat.Float16), ("BFloat16", ElementFormat.BFloat16), ("Float", ElementFormat.Float32), ("Double", ElementFormat.Float64),
    }.ToDictionary(pair => new PickledName("torch", pair.Name + "Storage"), pair => pair.Element);

    /// <summary>The file with its tensors, in the dictionary's order.</summary>
    /// <param name="zip">The file.</param>
    /// <param name="members">What its directory lists.</param>
    /// <exception cref="CurvatureException">It is damaged, holds no dictionary of tensors, or several.</exception>
    public static ArrayFile Open(ByteSource zip, IReadOnlyList<ZipMember> members)
    {
        var pickle = members.First(member => member.Name == PickleName || member.Name.EndsWith("/" + PickleName, StringComparison.Ordinal));
        string root = pickle.Name[..^PickleName.Length];
        if (members.FirstOrDefault(member => member.Name == root + "byteorder") is { } order)
        {
            byte[] said = new byte[Math.Min(order.Length, 6)];
            Content(zip, order).Read(0, said);
            if (!said.AsSpan().SequenceEqual("little"u8)) throw zip.Wrong("its tensors are big-endian, and little-endian ones are read.");
        }

        if (pickle.Length > MostPickle) throw zip.Wrong($"its pickle has {pickle.Length} bytes; at most {MostPickle} are read.");
        var files = members.DistinctBy(member => member.Name).ToDictionary(member => member.Name);
        var tensors = Tensors(zip, Pickle.Read(Content(zip, pickle)));
        return new OpenArrayFile(zip, [.. tensors.Select(pair => Array(zip, root, files, pair.Name, pair.Call))]);
    }

    private static PartBytes Content(ByteSource zip, ZipMember member)
    {
        var content = new PartBytes($"{zip.Place}, {member.Name}", zip, member.Start, member.PackedLength);
        return member is { Method: 0, IsEncrypted: false } && member.PackedLength == member.Length
            ? content
            : throw content.Wrong("it is packed or encrypted, which torch.save does not do.");
    }

    private static IReadOnlyList<(string Name, PickledCall Call)> Tensors(ByteSource zip, object? value)
    {
        if (value is not Dictionary<object, object?> dictionary)
            throw zip.Wrong($"torch.save wrote {Describe(value)}, and no dictionary of tensors. Save model.state_dict().");
        if (In(dictionary) is { Count: > 0 } direct) return direct;
        (string Name, IReadOnlyList<(string, PickledCall)> Tensors)[] inner =
        [
            .. dictionary.Where(pair => pair is { Key: string, Value: Dictionary<object, object?> })
                .Select(pair => ((string)pair.Key, In((Dictionary<object, object?>)pair.Value!))).Where(pair => pair.Item2.Count > 0),
        ];
        var usual = inner.Where(pair => Usual.Contains(pair.Name)).ToArray();
        if (usual.Length == 1) return usual[0].Tensors;
        if (inner.Length == 1) return inner[0].Tensors;
        string[] names = [.. (inner.Length > 0 ? inner.Select(pair => pair.Name) : dictionary.Keys.Select(key => key.ToString() ?? ""))];
        throw zip.Wrong(inner.Length > 1
            ? $"it holds several dictionaries of tensors: {ZipMembers.List(names)}. Save one of them alone."
            : $"it holds no tensors by their names, but {(names.Length == 0 ? "nothing" : ZipMembers.List(names))}. Save model.state_dict().");
    }

    /// <summary>The tensors that a dictionary has by names of text.</summary>
    private static IReadOnlyList<(string Name, PickledCall Call)> In(Dictionary<object, object?> dictionary) =>
        [.. dictionary.Where(pair => pair.Key is string && TensorOf(pair.Value) is not null).Select(pair => ((string)pair.Key, TensorOf(pair.Value)!))];

    private static PickledCall? TensorOf(object? value) => value switch
    {
        PickledCall { Callee: PickledName name } call when name == Tensor => call,
        PickledCall { Callee: PickledName name, Arguments: [PickledCall { Callee: PickledName inner } data, ..] } when name == Parameter && inner == Tensor => data,
        _ => null,
    };

    private static string Describe(object? value) => value switch
    {
        PickledCall { Callee: PickledName name } when name == Tensor || name == Parameter => "a single tensor",
        PickledCall { Callee: var callee } => $"an object of {callee}",
        List<object?> => "a list",
        _ => "something else",
    };

    private static LaidOutArray Array(ByteSource zip, string root, Dictionary<string, ZipMember> files, string name, PickledCall call)
    {
        string place = $"{zip.Place}, array {name}";
        CurvatureException Wrong(string what) => new($"{place}: {what}");
        if (call.Arguments is not [PickledOutside { Id: object?[] id }, long first, object?[] sizes, object?[] strides, ..] || id is not ["storage", PickledName type, string key, ..])
            throw Wrong("its pickle does not describe a tensor as torch.save does; sparse, quantised and other special tensors are not read.");
        if (!Storages.TryGetValue(type, out var element)) throw Wrong($"its numbers are of {type}, which are not read.");
        if (!files.TryGetValue($"{root}data/{key}", out var member)) throw Wrong($"the file data/{key} with its numbers is not there: it was cut off, or is damaged.");
        if (!sizes.All(size => size is long) || !strides.All(stride => stride is long) || sizes.Length != strides.Length || first < 0) throw Wrong("its shape is none.");
        long[] shape = [.. sizes.Cast<long>()];
        var content = Content(zip, member);
        long bytes = ArrayShape.ByteCount(content, shape, element.StoredSize), start = checked(Math.Min(first, long.MaxValue / 16) * element.StoredSize);
        if (bytes > content.Length - Math.Min(start, content.Length))
            throw Wrong($"the shape {ArrayShape.Text(shape)} takes {bytes} bytes from {start} on, and data/{key} has {content.Length}: it was cut off, or is damaged.");
        long expected = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] > 1 && (long)strides[i]! != expected) throw Wrong("it is a view of other numbers, such as a transposed tensor: save tensor.contiguous().");
            expected *= Math.Max(1, shape[i]);
        }

        return new LaidOutArray(name, place, shape, element, content, start);
    }
}
