using System.Text;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Tests.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>TorchScript and files: the one that it is read from, and those that it would open.</summary>
[Collection(PyTorchGroup.Name)]
public sealed class TorchScriptFileTests(PyTorchFiles files) : DataFolder
{
    [Theory]
    [InlineData("FromFile.pt", "names operators that open files: torch.from_file. A model may not open files")]
    [InlineData("Saves.pt", "names operators that open files: torch.save. A model may not open files")]
    public void What_PyTorch_writes_of_a_model_that_opens_files_is_refused(string name, string message) =>
        Rejected.Saying(message, () => TorchScriptModel.Load(files.At("programs", name), ScalarType.Float32, CPU));

    /// <summary>Each of these was run by PyTorch 1.13, and made the file.</summary>
    [Theory]
    [InlineData("torch.from_file('f', True, 4)")]
    [InlineData("torch . from_file('f', True, 4)")]
    [InlineData("(torch).from_file('f', True, 4)")]
    [InlineData("ops.aten.from_file('f', True, 4)")]
    [InlineData("(torch.\n    from_file('f', True, 4))")]
    [InlineData("(torch. # a comment\n    from_file('f', True, 4))")]
    [InlineData("torch.\\\n    from_file('f', True, 4)")]
    [InlineData("getattr(torch, \"from_file\")('f', True, 4)")]
    [InlineData("getattr(torch, 'from_file')('f', True, 4)")]
    [InlineData("getattr(torch, \"from\\137file\")('f', True, 4)")]
    [InlineData("getattr(torch, \"from\" \"_file\")('f', True, 4)")]
    [InlineData("getattr(torch, \"from\"\n    '_file')('f', True, 4)")]
    [InlineData("getattr(torch, \"\"\"from_file\"\"\")('f', True, 4)")]
    [InlineData("getattr(torch, \"from\\x5ffile\")('f', True, 4)")]
    [InlineData("torch.save(x, 'f')")]
    [InlineData("getattr(ops.aten, \"sa\" 'v' \"\" \"e\")(x, 'f')")]
    public void However_the_operator_is_reached_it_is_found(string call)
    {
        string code = $"def forward(self, x: Tensor) -> Tensor:\n  t = torch\n  y = {call}\n  return torch.add(x, y)\n";

        Rejected.Saying("names operators that open files", () => Load(code));
    }

    [Theory]
    [InlineData("getattr(self, \"0\")")]
    [InlineData("self.saved")]
    [InlineData("torch.format(\"{} {}\", \"weight\", \"\")")]
    [InlineData("self.load_from_file_name")]
    public void What_only_looks_like_it_is_not(string call) => Assert.Empty(TorchScriptFileOperators.NamedIn($"  y = {call}\n"));

    /// <summary>
    /// libtorch keeps the operators' declarations as text. One that takes a file's name and is not known here may have come
    /// with another version of it.
    /// </summary>
    [Fact]
    public void Every_operator_of_this_libtorch_that_takes_a_files_name_is_known()
    {
        string folder = AppContext.BaseDirectory;
        string? library = Directory.EnumerateFiles(folder, "libtorch_cpu.so", SearchOption.AllDirectories).FirstOrDefault();
        Assert.SkipWhen(library is null, "there is no libtorch_cpu.so beside this program: it uses another libtorch");
        byte[] bytes = File.ReadAllBytes(library!);

        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (byte[] argument in (byte[][])[[.. "str file"u8], [.. "str path"u8], [.. "str dir"u8], [.. "str url"u8], [.. "str lib"u8]])
        {
            for (int at = 0, next; (next = bytes.AsSpan(at).IndexOf(argument)) >= 0; at += next + 1)
            {
                int place = at + next, start = bytes.AsSpan(0, place).LastIndexOf((byte)0) + 1;
                string declaration = Encoding.UTF8.GetString(bytes.AsSpan(start, place - start));
                if (declaration.Contains('(', StringComparison.Ordinal)) found.Add(declaration[..declaration.IndexOf('(', StringComparison.Ordinal)]);
            }
        }

        Assert.NotEmpty(found);
        Assert.All(found, name => Assert.NotEmpty(TorchScriptFileOperators.NamedIn($"ops.{name.Replace("::", ".", StringComparison.Ordinal)}(x)")));
    }

    [Fact]
    public void What_goes_by_way_of_the_disk_is_what_goes_by_way_of_memory_and_leaves_nothing_there()
    {
        using var scope = NewDisposeScope();
        using var file = HashedFile.Open(files.At("programs", "Indexed.pt"));
        string[] before = Copies();
        var x = ones([5, 3]);

        using var inMemory = TorchScriptModel.Script(file.Bytes(), int.MaxValue);
        using var onDisk = TorchScriptModel.Script(file.Bytes(), 0);

        Assert.True(allclose(inMemory.call(x), onDisk.call(x), 0, 0));
        Assert.Equal(before, Copies());

        static string[] Copies() => [.. Directory.GetFiles(System.IO.Path.GetTempPath(), "actorhutch-copy-*").Order()];
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_model_that_changes_after_it_was_hashed_is_the_one_that_was_hashed_or_none(bool replaced)
    {
        using var scope = NewDisposeScope();
        byte[] bytes = File.ReadAllBytes(files.At("programs", "Training.pt"));
        string path = Write("model.pt", bytes);
        using var expected = TorchScriptModel.Load(path, ScalarType.Float32, CPU);
        using var file = HashedFile.Open(path);

        if (replaced) File.Move(Write("other.pt", File.ReadAllBytes(files.At("programs", "Indexed.pt"))), path, overwrite: true);
        else File.WriteAllBytes(path, File.ReadAllBytes(files.At("programs", "Indexed.pt")));

        if (!replaced)
        {
            Assert.Throws<FileChangedException>(() => TorchScriptModel.Load(file, ScalarType.Float32, CPU));
            return;
        }

        using var model = TorchScriptModel.Load(file, ScalarType.Float32, CPU);
        Assert.Equal(expected.state_dict().Keys, model.state_dict().Keys);
    }

    private TorchScriptModel Load(string code) => TorchScriptModel.Load(
        Write("made.pt", WrittenZip.Stored(("m/constants.pkl", [1]), ("m/code/__torch__.py", Encoding.UTF8.GetBytes(code)))),
        ScalarType.Float32, CPU);
}
