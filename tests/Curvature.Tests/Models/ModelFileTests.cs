using System.Text;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Tests.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>What a file that is given as a model is said to be, and what to do with it.</summary>
[Collection(PyTorchGroup.Name)]
public sealed class ModelFileTests(PyTorchFiles files) : DataFolder
{
    private const string Json = """{"type": "Linear", "in_features": 2, "out_features": 1}""";

    /// <summary>First bytes of formats that people have models in.</summary>
    public static readonly TheoryData<string, byte[], string> Others = new()
    {
        { "utf16.json", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Json)], "is text in UTF-16. Save it as UTF-8" },
        { "utf16-big.json", [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes(Json)], "is text in UTF-16. Save it as UTF-8" },
        { "utf16-without-mark.json", Encoding.Unicode.GetBytes(Json), "is text in UTF-16. Save it as UTF-8" },
        { "utf16-big-without-mark.json", Encoding.BigEndianUnicode.GetBytes(" " + Json), "is text in UTF-16. Save it as UTF-8" },
        { "utf32.json", [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes(Json)], "is text in UTF-32. Save it as UTF-8" },
        { "weights.safetensors", [.. BitConverter.GetBytes(2L), .. "{}"u8], "holds tensors in safetensors, and no model. Describe the model in JSON" },
        { "array.npy", [0x93, .. "NUMPY"u8, 1, 0, 2, 0], "holds an array, and no model. Save the model in PyTorch with" },
        { "images-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 7], "holds an array, and no model" },
        { "model.pt.gz", [0x1F, 0x8B, 8, 0], "is a gzip file. Unpack it first." },
        { "model.h5", [0x89, .. "HDF\r\n"u8, 0x1A, 10], "is HDF5, and no model that is read. Save the model in PyTorch with" },
        { "model.gguf", [.. "GGUF"u8, 3, 0, 0, 0], "is GGUF, and no model that is read" },
        { "model.tflite", [28, 0, 0, 0, .. "TFL3"u8], "is TensorFlow Lite, and no model that is read" },
        { "mine.dll", [.. "MZ"u8, 0x90, 0, 3, 0], "is a .NET assembly or another program, and no model that is read" },
        { "pointer.pt", [.. "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"u8], "is a pointer of Git LFS in place of the file, which git lfs pull fetches" },
        { "pickle.pt", [0x80, 2, (byte)'}', (byte)'.'], "is a pickle, as torch.save of PyTorch before 1.6 writes them" },
        { "mine.py", [.. "import torch\n"u8], "is no model: it starts with the text \"import to\"" },
        { "noise", [0xE3, 1, 2, 3, 4, 5, 6, 7, 8, 9], "is no model: it starts with the bytes e3 01 02" },
        { "empty.zip", WrittenZip.Stored(), "is a ZIP archive without anything in it" },
        { "text.zip", WrittenZip.Stored(("a.txt", [1]), ("b/c.txt", [2])), "is a ZIP archive without TorchScript in it: it holds a.txt, b/c.txt." },
        { "no-code.pt", WrittenZip.Stored(("m/data.pkl", [1]), ("m/constants.pkl", [1])), "was written by torch.save: it holds a state dict or a pickled model" },
        { "arrays.npz", WrittenZip.Stored(("x.npy", [1])), "holds arrays of NumPy's, and no model" },
        { "program.pt2", WrittenZip.Stored(("program/archive_format", [1]), ("program/models/model.json", [1])), "is an exported program of torch.export, and no TorchScript" },
        { "old-program.pt2", WrittenZip.Stored(("serialized_exported_program.json", [1])), "is an exported program of torch.export" },
    };

    [Theory, MemberData(nameof(Others))]
    public void What_is_no_model_is_named_with_a_way_out(string name, byte[] content, string message)
    {
        string path = Write(name, content);

        Rejected.Saying($"{path} {message}", () => ModelFile.FormatOf(path));
        Rejected.Saying($"{path} {message}", () => TorchScriptModel.Load(path, ScalarType.Float32, CPU));
    }

    [Theory]
    [InlineData("types/model.onnx", "is an ONNX model, and ONNX is not read. Save the model in PyTorch with torch.jit.save(")]
    [InlineData("programs/state.pt", "was written by torch.save: it holds a state dict or a pickled model")]
    [InlineData("programs/pickled.pt", "was written by torch.save")]
    [InlineData("programs/legacy.pt", "is a pickle, as torch.save of PyTorch before 1.6 writes them")]
    [InlineData("cnn/described/weights.safetensors", "holds tensors in safetensors, and no model")]
    public void So_is_what_PyTorch_writes_in_other_forms(string name, string message) =>
        Rejected.Saying(message, () => ModelFile.FormatOf(files.At(name.Split('/'))));

    [Theory]
    [InlineData("cnn/torchscript/model.pt", ModelFormat.TorchScript)]
    [InlineData("cnn/torchscript/traced.pt", ModelFormat.TorchScript)]
    [InlineData("programs/Frozen.pt", ModelFormat.TorchScript)]
    [InlineData("cnn/described/model.json", ModelFormat.Description)]
    public void Models_are_known_by_their_contents(string name, ModelFormat format) =>
        Assert.Equal(format, ModelFile.FormatOf(files.At(name.Split('/'))));

    [Fact]
    public void A_description_may_begin_with_a_mark_and_white_space()
    {
        Assert.Equal(ModelFormat.Description, ModelFile.FormatOf(Write("a", [.. Encoding.UTF8.Preamble, .. "\r\n\t {}"u8])));
        Assert.Equal(ModelFormat.Description, ModelFile.FormatOf(Write("b", [.. new byte[1000].Select(_ => (byte)' '), (byte)'['])));
    }

    [Fact]
    public void A_folder_is_named_as_one()
    {
        Rejected.Saying("this is a directory; name a file in it.", () => ModelFile.FormatOf(System.IO.Path.GetDirectoryName(Path("x"))!));
        Rejected.Saying("there is no such file", () => ModelFile.FormatOf(Path("missing.pt")));
    }

    [Fact]
    public void Neither_form_is_read_as_the_other()
    {
        Rejected.Saying("is JSON, and no TorchScript", () => TorchScriptModel.Load(Write("a.json", Encoding.UTF8.GetBytes(Json)), ScalarType.Float32, CPU));
        Rejected.Saying("b.json is text in UTF-16, and no JSON in UTF-8", () => ModelDescription.Load(Write("b.json", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Json)])));
    }
}
