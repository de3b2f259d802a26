using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Tests.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>What is loaded, and what is refused, before libtorch could end the process.</summary>
[Collection(PyTorchGroup.Name)]
public sealed class TorchScriptModelTests(PyTorchFiles files) : DataFolder
{
    [Fact]
    public void It_is_in_evaluation_mode_whatever_mode_it_was_saved_in()
    {
        using var scope = NewDisposeScope();
        using var model = Load("Training.pt");
        var x = ones([3, 3], ScalarType.Float64);

        Assert.False(model.training);
        Rejected.Risk(model, x).CheckDeterminism();
        model.train();
        Assert.True(model.training);
    }

    [Theory, InlineData(ScalarType.Float32), InlineData(ScalarType.Float64)]
    public void Floating_point_numbers_are_converted_and_integers_are_not(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var model = Load("Indexed.pt", dtype);
        var state = model.state_dict();

        Assert.Equal(ScalarType.Int64, state["order"].dtype);
        Assert.Equal([dtype, dtype, dtype], new[] { state["scale"].dtype, state["layer.weight"].dtype, state["layer.bias"].dtype });
        Assert.Equal([5, 2], model.call(ones([5, 3], dtype)).shape);
    }

    [Fact]
    public void Inputs_with_a_default_need_not_be_given()
    {
        using var scope = NewDisposeScope();
        using var model = Load("Optional.pt");

        Assert.Equal([5, 2], model.call(ones([5, 3], ScalarType.Float64)).shape);
    }

    [Theory]
    [InlineData("Several.pt", "forward takes several inputs (Tensor x, Tensor y). It must take one tensor")]
    [InlineData("OnNumber.pt", "forward takes int x. It must take one tensor")]
    [InlineData("Pair.pt", "forward returns ((Tensor, Tensor)). It must return one tensor")]
    [InlineData("Dictionary.pt", "forward returns Dict(str, Tensor). It must return one tensor")]
    [InlineData("NoForward.pt", "has no method forward")]
    [InlineData("Frozen.pt", "has no trainable parameter")]
    [InlineData("WithNaN.pt", "WithNaN.pt is not finite: layer.weight[1, 2] is NaN.")]
    [InlineData("state.pt", "was written by torch.save: it holds a state dict or a pickled model, and no TorchScript. Save the model in PyTorch with torch.jit.save(")]
    [InlineData("pickled.pt", "was written by torch.save")]
    [InlineData("legacy.pt", "is a pickle, as torch.save of PyTorch before 1.6 writes them")]
    public void What_is_no_model_of_one_tensor_is_refused_with_the_reason(string name, string message) =>
        Rejected.Saying(message, () => Load(name));

    [Fact]
    public void Files_that_are_no_TorchScript_at_all()
    {
        Rejected.Saying("there is no such file", () => LoadFile(Path("missing.pt")));
        Rejected.Saying("the file is empty", () => LoadFile(Write("empty.pt", [])));
        Rejected.Saying("and a model is JSON or TorchScript, which is a ZIP archive", () => LoadFile(Write("text.pt", "import torch"u8.ToArray())));
        Rejected.Saying("is a pickle", () => LoadFile(Write("pickle.pt", [0x80, 2, (byte)'}', (byte)'.'])));
        Rejected.Saying(
            "is a ZIP archive without TorchScript", () => LoadFile(Write("zip.pt", WrittenZip.Stored(("a.txt", [1, 2, 3])))));
        Rejected.Saying(
            "was written by torch.save", () => LoadFile(Write("state.pt", WrittenZip.Stored(("state/data.pkl", [0x80, 2])))));
    }

    [Fact]
    public void Operators_of_a_library_that_is_not_there_are_named()
    {
        byte[] code = "def forward(self, x):\n  return ops.torchvision.nms(ops.aten.relu(x), x, 0.5)\n"u8.ToArray();
        string path = Write("ops.pt", WrittenZip.Stored(("m/constants.pkl", [1]), ("m/code/__torch__.py", code)));

        Rejected.Saying("calls operators that are not libtorch's: torchvision.nms.", () => LoadFile(path));
    }

    [Fact]
    public void A_flipped_bit_is_found_by_its_checksum()
    {
        using var scope = NewDisposeScope();
        using var model = Load("Indexed.pt", ScalarType.Float32);
        byte[] bytes = File.ReadAllBytes(files.At("programs", "Indexed.pt"));
        bytes[bytes.AsSpan().IndexOf(model.state_dict()["layer.weight"].bytes)] ^= 1;

        Rejected.Saying("does not have the checksum", () => LoadFile(Write("flipped.pt", bytes)));
    }

    [Fact]
    public void A_name_that_only_the_directory_has_is_found_by_the_other_copy_of_it()
    {
        byte[] bytes = File.ReadAllBytes(files.At("programs", "Indexed.pt"));
        bytes[bytes.AsSpan().LastIndexOf("code/__torch__"u8)] ^= 1;

        Rejected.Saying("its directory entry of member", () => LoadFile(Write("renamed.pt", bytes)));
    }

    /// <summary>
    /// Random damage, also to the directory that no checksum covers. libtorch would end this process for some of it;
    /// what is loaded nevertheless has lost nothing that matters.
    /// </summary>
    [Theory, InlineData("Training.pt"), InlineData("Indexed.pt")]
    public void Damaged_files_are_loaded_whole_or_refused(string name)
    {
        using var scope = NewDisposeScope();
        byte[] whole = File.ReadAllBytes(files.At("programs", name));
        using var expected = LoadFile(files.At("programs", name));
        var x = ones([3, 3], ScalarType.Float64);
        int loaded = 0, refused = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            string path = Write("damaged.pt", Damaged(whole, new Random(seed)));
            try
            {
                using var model = LoadFile(path);
                Assert.True(allclose(expected.call(x), model.call(x)), $"seed {seed}");
                loaded++;
            }
            catch (CurvatureException)
            {
                refused++;
            }
        }

        Assert.True(loaded > 0 && refused > 150, $"{loaded} loaded, {refused} refused");
    }

    private static byte[] Damaged(byte[] whole, Random random)
    {
        byte[] bytes = [.. whole];
        switch (random.Next(4))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 2:
                bytes[^random.Next(1, 2000)] = (byte)random.Next(256);
                return bytes;
            default:
                random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - 8), 8));
                return bytes;
        }
    }

    private TorchScriptModel Load(string name, ScalarType dtype = ScalarType.Float64) =>
        LoadFile(files.At("programs", name), dtype);

    private static TorchScriptModel LoadFile(string path, ScalarType dtype = ScalarType.Float64) =>
        TorchScriptModel.Load(path, dtype, CPU);
}
