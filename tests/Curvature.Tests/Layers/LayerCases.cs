using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Layers;

/// <summary>The tests that read what layer_cases.py has written, one run of it for all.</summary>
[CollectionDefinition(Name)]
public sealed class LayerCasesGroup : ICollectionFixture<LayerCases>
{
    public const string Name = "Layer cases";
}

/// <summary>
/// What layer_cases.py writes: every layer with all pairs of its arguments' values, and what PyTorch computes in float64.
/// Where there is no Python with PyTorch, tests that ask for it are skipped.
/// </summary>
public sealed class LayerCases : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-layers-");
    private readonly Dictionary<string, LayerTable[]>? _tables;
    private readonly ArrayFile? _file;
    private readonly ILookup<string, StoredArray>? _arrays;

    public LayerCases()
    {
        if (!PythonWithTorch.Runs(Path.Combine("Curvature.Tests", "Layers", "layer_cases.py"), _folder.FullName)) return;
        using var json = File.OpenRead(Path.Combine(_folder.FullName, "cases.json"));
        _tables = JsonSerializer.Deserialize<Dictionary<string, LayerTable[]>>(json, JsonSerializerOptions.Web)!;
        _file = ArrayFiles.Open(Path.Combine(_folder.FullName, "cases.safetensors"));
        _arrays = _file.Arrays.ToLookup(array => array.Name.Split('/')[0]);
    }

    /// <summary>The tables of each layer, by its name: one with all of its arguments, and those that hold one of them fast.</summary>
    internal IReadOnlyDictionary<string, LayerTable[]> Tables
    {
        get
        {
            PythonWithTorch.SkipUnlessFound();
            return _tables!;
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>One array of a case.</summary>
    internal Tensor Array(LayerCase of, string name) => Stored(of).Single(array => Own(array.Name) == name).Read();

    /// <summary>The weights or the probe of a case, as a file of their own.</summary>
    internal ArrayFile Arrays(LayerCase of, string folder)
    {
        string prefix = folder + "/";
        return new FakeArrays([.. Stored(of).Where(array => Own(array.Name).StartsWith(prefix, StringComparison.Ordinal))
            .Select(array => (Own(array.Name)[prefix.Length..], array.Read()))]);
    }

    private IEnumerable<StoredArray> Stored(LayerCase of) => _arrays![$"{of.Number}"];

    private static string Own(string name) => name[(name.IndexOf('/') + 1)..];
}

/// <summary>Cases of one layer.</summary>
/// <param name="Values">By argument, the values that meet in pairs.</param>
/// <param name="Cases">The cases.</param>
internal sealed record LayerTable(Dictionary<string, string[]> Values, LayerCase[] Cases);

/// <summary>A network with one layer to look at.</summary>
/// <param name="Number">Its number, by which its arrays are known.</param>
/// <param name="Expected">
/// «value»; «refused» by PyTorch; «later», refused by this version of PyTorch and no later one; «unserved», which PyTorch
/// takes and we do not.
/// </param>
/// <param name="Values">Its value of each argument.</param>
/// <param name="Model">The description of the network.</param>
/// <param name="Loss">The mean squared error.</param>
/// <param name="Form">vᵀHv.</param>
/// <param name="Blocks">vᵀHv of each block and its trace.</param>
/// <param name="Mixes">Whether one sample's output depends on another, as where dimension 0 counts no samples.</param>
internal sealed record LayerCase(
    int Number, string Expected, Dictionary<string, string> Values, JsonObject Model, double Loss, double Form,
    BlockValues[] Blocks, bool Mixes)
{
    public override string ToString() => string.Join(", ", Values.Where(v => v.Value != "default").Select(v => $"{v.Key} {v.Value}"));
}

/// <summary>What PyTorch finds for one block.</summary>
internal sealed record BlockValues(double Form, double Trace);
