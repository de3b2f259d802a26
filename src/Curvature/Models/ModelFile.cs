using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Data.Formats;

namespace ActorHutch.Curvature.Models;

/// <summary>In which form a file holds a model.</summary>
public enum ModelFormat
{
    /// <summary>Layers, described in JSON: <see cref="ModelDescription"/>.</summary>
    Description,

    /// <summary>A program: <see cref="TorchScriptModel"/>.</summary>
    TorchScript,
}

/// <summary>Tells what a model's file is.</summary>
public static class ModelFile
{
    private static readonly string HowToExport =
        "Save the model in PyTorch with torch.jit.save(torch.jit.script(model), path), or torch.jit.trace(model, inputs) "
        + $"where it cannot be scripted; {Exporter} does it.";

    /// <summary>The exporter's file, which the program brings along; in the repository's words where it is not there.</summary>
    private static string Exporter => Path.Combine(AppContext.BaseDirectory, "tools", "export_pytorch.py") is var file && File.Exists(file)
        ? file
        : "tools/export_pytorch.py of ActorHutch's repository";

    /// <summary>The form, told by what is in the file and not by its name.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CurvatureException">
    /// It cannot be read, or holds no model: the message says what it is, and what to do.
    /// </exception>
    public static ModelFormat FormatOf(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var bytes = FileBytes.Open(path);
        return FormatOf(bytes);
    }

    /// <summary>The same for a file that was hashed, and stays the caller's.</summary>
    /// <param name="file">The file.</param>
    /// <exception cref="CurvatureException">It holds no model: the message says what it is, and what to do.</exception>
    /// <exception cref="FileChangedException">It is not what it was.</exception>
    public static ModelFormat FormatOf(HashedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var bytes = file.Bytes();
        return FormatOf(bytes);
    }

    /// <summary>The same for bytes that are open already.</summary>
    internal static ModelFormat FormatOf(ByteSource bytes)
    {
        var format = FileSignature.Of(bytes);
        return format switch
        {
            FileFormat.Json => ModelFormat.Description,
            FileFormat.Npz => OfZip(bytes),
            FileFormat.Safetensors => throw Wrong(
                "holds tensors in safetensors, and no model. Describe the model in JSON, and give these as its weights, or save all in one: "
                + HowToExport),
            FileFormat.Npy or FileFormat.Idx => throw Wrong($"holds an array, and no model. {HowToExport}"),
            FileFormat.Gzip => throw Wrong("is a gzip file. Unpack it first."),
            _ => throw Unknown(FileSignature.Name(bytes.Head(64))),
        };

        CurvatureException Unknown(string? name) => name switch
        {
            "text in UTF-16" or "text in UTF-32" => Wrong($"is {name}. Save it as UTF-8, as JSON must be."),
            "a Python pickle" => Wrong(
                $"is a pickle, as torch.save of PyTorch before 1.6 writes them, and no TorchScript. {HowToExport}"),
            "ONNX" => Wrong($"is an ONNX model, and ONNX is not read. {HowToExport}"),
            null => Wrong($"is no model: it starts with {FileSignature.Describe(bytes)}, and a model is JSON or TorchScript, which is a ZIP archive. {HowToExport}"),
            _ => Wrong($"is {name}, and no model that is read. {HowToExport}"),
        };

        CurvatureException Wrong(string what) => new($"{bytes.Place} {what}");
    }

    private static ModelFormat OfZip(ByteSource bytes)
    {
        string[] names = [.. ZipDirectory.Read(bytes).Select(member => member.Name)];
        string what = ZipMembers.Contents(names) switch
        {
            ZipContents.TorchScript => "",
            ZipContents.TorchSave =>
                $"was written by torch.save: it holds a state dict or a pickled model, and no TorchScript. {HowToExport} "
                + "Or describe the model in JSON, and give its weights as safetensors.",
            ZipContents.ExportedProgram => $"is an exported program of torch.export, and no TorchScript. {HowToExport}",
            ZipContents.Arrays => $"holds arrays of NumPy's, and no model. {HowToExport}",
            _ when names.Length == 0 => $"is a ZIP archive without anything in it. {HowToExport}",
            _ => $"is a ZIP archive without TorchScript in it: it holds {ZipMembers.List(names)}. {HowToExport}",
        };
        return what.Length == 0 ? ModelFormat.TorchScript : throw new CurvatureException($"{bytes.Place} {what}");
    }
}
