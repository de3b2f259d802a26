namespace ActorHutch.Curvature.Data.Formats;

/// <summary>What a zip file holds, by the names in its directory.</summary>
internal enum ZipContents
{
    /// <summary>Anything.</summary>
    Other,

    /// <summary>Arrays of NumPy's.</summary>
    Arrays,

    /// <summary>A program and its tensors, as torch.jit.save writes them.</summary>
    TorchScript,

    /// <summary>Pickled objects and tensors, as torch.save writes them.</summary>
    TorchSave,

    /// <summary>A graph, as torch.export.save writes it.</summary>
    ExportedProgram,
}

/// <summary>Tells what is in a zip file.</summary>
internal static class ZipMembers
{
    /// <summary>What the names stand for.</summary>
    public static ZipContents Contents(IEnumerable<string> names)
    {
        string[] all = [.. names];
        // PyTorch puts everything into a folder that is named after the file.
        string[] inside = [.. all.Select(name => name[(name.IndexOf('/') + 1)..])];
        if (inside.Contains("constants.pkl") && Array.Exists(inside, name => name.StartsWith("code/", StringComparison.Ordinal)))
            return ZipContents.TorchScript;
        if (inside.Contains("data.pkl")) return ZipContents.TorchSave;
        if (inside.Contains("archive_format") || all.Contains("serialized_exported_program.json")) return ZipContents.ExportedProgram;
        return Array.Exists(all, name => name.EndsWith(".npy", StringComparison.Ordinal)) ? ZipContents.Arrays : ZipContents.Other;
    }

    /// <summary>Some of the names, for a message.</summary>
    public static string List(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", …" : "");
}
