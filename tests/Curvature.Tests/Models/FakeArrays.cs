using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>A file of arrays that is none.</summary>
internal sealed class FakeArrays(params (string Name, Tensor Value)[] arrays) : ArrayFile
{
    public override string Path => "fake.safetensors";

    public override IReadOnlyList<StoredArray> Arrays { get; } =
        [.. arrays.Select(array => new FakeArray(array.Name, array.Value))];

    public override void Dispose()
    {
    }

    /// <summary>Everything that a module has, and what a test adds or changes.</summary>
    public static FakeArrays Of(nn.Module module, params (string Name, Tensor Value)[] others)
    {
        var state = module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var (name, value) in others) state[name] = value;
        return new FakeArrays([.. state.Select(entry => (entry.Key, entry.Value))]);
    }

    private sealed class FakeArray(string name, Tensor value) : StoredArray(name, value.shape, value.dtype)
    {
        public override Tensor Read() => value.detach().clone();

        public override Tensor Read(long first, long count) => value.detach().narrow(0, first, count).clone();
    }
}
