using System.Text;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>State dicts as torch.save writes them, read without running a line of them.</summary>
public sealed class TorchSaveTests : DataFolder
{
    /// <summary>A tensor "w" of shape [2, 3] in a dictionary, as PyTorch 1.6 and later pickle it; the parts are named where a test changes them.</summary>
    internal static byte[] Pickled(
        string callee = "torch._utils\n_rebuild_tensor_v2", string storage = "torch\nFloatStorage", string key = "0", byte offset = 0, byte rows = 2, byte stride = 3,
        string before = "", string after = "")
    {
        static byte[] Text(string text) => [(byte)'X', (byte)text.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)];
        static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);
        return
        [
            0x80, 2, .. Latin(before), (byte)'}', (byte)'q', 0, (byte)'(', .. Text("w"), .. Latin($"c{callee}\n"), (byte)'(', (byte)'(', .. Text("storage"), .. Latin($"c{storage}\n"),
            .. Text(key), .. Text("cpu"), (byte)'K', 6, (byte)'t', (byte)'Q', (byte)'K', offset, (byte)'K', rows, (byte)'K', 3, 0x86, (byte)'K', stride, (byte)'K', 1, 0x86,
            0x89, (byte)'}', (byte)'t', (byte)'R', (byte)'u', .. Latin(after), (byte)'.',
        ];
    }

    internal static byte[] Zip(byte[] pickle, int numbers = 6, params (string Name, byte[] Content)[] others) => WrittenZip.Stored(
        [("m/data.pkl", pickle), ("m/data/0", [.. Enumerable.Range(0, numbers).SelectMany(i => BitConverter.GetBytes((float)i))]), ("m/version", "3\n"u8.ToArray()), .. others]);

    [Fact]
    public void A_tensor_is_where_its_storage_is()
    {
        using var file = ArrayFiles.Open(Write("a.pt", Zip(Pickled(offset: 2), numbers: 8)));

        var array = Assert.Single(file.Arrays);
        using var values = array.Read();
        Assert.Equal(("w", ScalarType.Float32), (array.Name, values.dtype));
        Assert.Equal([2L, 3], values.shape);
        Assert.Equal([2f, 3, 4, 5, 6, 7], values.data<float>().ToArray());
    }

    [Theory]
    [InlineData("cut off", "m/data.pkl", "this is no pickle that can be read")]
    [InlineData("evil", "a.pt", "torch.save wrote an object of os.system, and no dictionary of tensors")]
    [InlineData("transposed", "array w", "is a view of other numbers, such as a transposed tensor")]
    [InlineData("too short", "array w", "the shape [9, 3] takes 108 bytes from 0 on, and data/0 has 24")]
    [InlineData("no storage", "array w", "the file data/7 with its numbers is not there")]
    [InlineData("complex", "array w", "its numbers are of torch.ComplexFloatStorage, which are not read")]
    [InlineData("no tensors", "a.pt", "it holds no tensors by their names, but w. Save model.state_dict()")]
    [InlineData("protocol 0", "m/data.pkl", "is the opcode 64, which no pickle of protocol 2 to 5 has")]
    [InlineData("big-endian", "a.pt", "its tensors are big-endian")]
    public void What_is_wrong_is_said(string what, string where, string message)
    {
        byte[] zip = what switch
        {
            "cut off" => Zip(Pickled()[..40]),
            // cos\nsystem\n(X…tR. in the dictionary's place: named, and never called.
            "evil" => Zip([0x80, 2, .. "cos\nsystem\n("u8, (byte)'X', 6, 0, 0, 0, .. "rm -rf"u8, (byte)'t', (byte)'R', (byte)'.']),
            "transposed" => Zip(Pickled(stride: 1)),
            "too short" => Zip(Pickled(rows: 9)),
            "no storage" => Zip(Pickled(key: "7")),
            "complex" => Zip(Pickled(storage: "torch\nComplexFloatStorage")),
            "no tensors" => Zip(Pickled(callee: "numpy\narray")),
            "protocol 0" => Zip("dI1\n."u8.ToArray()),
            "big-endian" => Zip(Pickled(), others: ("m/byteorder", "big"u8.ToArray())),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };

        Reading.Rejects(Write("a.pt", zip), where, message);
    }

    /// <summary>As deep as it is long: nothing recurses.</summary>
    [Theory]
    [InlineData(")R")]
    [InlineData("\u0085")]
    [InlineData("Q")]
    public void What_is_nested_deeply_takes_no_stack(string opcodes)
    {
        string deep = string.Concat(Enumerable.Repeat(opcodes, 300_000));
        byte[] dictionary = Pickled(after: $"(cx\ny\n{deep}Nu");

        using var file = ArrayFiles.Open(Write("a.pt", Zip(dictionary)));

        Assert.Equal("w", Assert.Single(file.Arrays).Name);
    }

    /// <summary>What PyTorch writes, in every protocol, and the same tensors as PyTorch has them in a file of NumPy's.</summary>
    [Fact]
    public void PyTorchs_state_dicts_and_checkpoints()
    {
        PythonWithTorch.RunOrSkip(Path(""), """
            import argparse, collections, numpy, torch
            torch.manual_seed(0)
            model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(16, 5))
            state = model.state_dict()
            numpy.savez("state.npz", **{name: value.numpy() for name, value in state.items()})
            for protocol in (2, 3, 4, 5): torch.save(state, f"state-{protocol}.pt", pickle_protocol=protocol)
            torch.save(dict(model.named_parameters()), "parameters.pt")
            optimizer = torch.optim.Adam(model.parameters())
            model(torch.randn(2, 3, 4, 4)).sum().backward()
            optimizer.step()
            model.load_state_dict({name: torch.from_numpy(numpy.load("state.npz")[name]) for name in state})
            torch.save({"epoch": 3, "args": argparse.Namespace(lr=0.1), "loss": numpy.float64(2), "model": model.state_dict(), "optimizer": optimizer.state_dict()}, "checkpoint.pt")
            torch.save({"student": state, "teacher": state}, "two.pt")
            whole = torch.arange(24.).reshape(4, 6)
            kinds = {str(d)[6:]: torch.tensor([0, 1, 1, 0, 1, 0]).to(d) for d in (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64)}
            torch.save({**kinds, "rows": whole[1:3], "number": torch.tensor(7.5), "empty": torch.zeros(0, 3), "one row": whole[:, 2:3][1:2]}, "kinds.pt")
            torch.save({"turned": whole.t()}, "turned.pt")
            torch.save(model, "model.pt")
            torch.save(whole, "tensor.pt")
            """);

        using var scope = NewDisposeScope();
        using var expected = ArrayFiles.Open(Path("state.npz"));
        foreach (string name in (string[])["state-2", "state-3", "state-4", "state-5", "checkpoint"])
        {
            using var file = ArrayFiles.Open(Path(name + ".pt"));
            Assert.Equal(expected.Arrays.Select(array => array.Name), file.Arrays.Select(array => array.Name));
            foreach (var (there, here) in expected.Arrays.Zip(file.Arrays)) Assert.True(there.Read().equal(here.Read()).all().item<bool>(), $"{name}, {here.Name}");
        }

        using (var parameters = ArrayFiles.Open(Path("parameters.pt"))) Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"], parameters.Arrays.Select(array => array.Name));
        using (var kinds = ArrayFiles.Open(Path("kinds.pt")))
        {
            var arrays = kinds.Arrays.ToDictionary(array => array.Name, array => array.Read());
            foreach (var (name, values) in arrays.Take(10)) Assert.Equal([0.0, 1, 1, 0, 1, 0], values.to(ScalarType.Float64).data<double>().ToArray());
            Assert.Equal(10, arrays.Values.Take(10).Select(values => values.dtype).Distinct().Count());
            Assert.Equal(Enumerable.Range(6, 12).Select(i => (float)i), arrays["rows"].data<float>().ToArray());
            Assert.Equal(7.5f, arrays["number"].item<float>());
            Assert.Equal([0L, 3], arrays["empty"].shape);
            Assert.Equal([8f], arrays["one row"].data<float>().ToArray());
        }

        using var target = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5));
        using (var checkpoint = ArrayFiles.Open(Path("checkpoint.pt"))) StateDict.Load(target, checkpoint);
        Assert.True(target.state_dict()["3.weight"].equal(expected.Arrays.Single(array => array.Name == "3.weight").Read()).all().item<bool>());
        Reading.Rejects(Path("two.pt"), "it holds several dictionaries of tensors: student, teacher");
        Reading.Rejects(Path("turned.pt"), "such as a transposed tensor");
        Reading.Rejects(Path("model.pt"), "torch.save wrote an object of torch.nn.modules.container.Sequential");
        Reading.Rejects(Path("tensor.pt"), "torch.save wrote a single tensor");
    }
}
