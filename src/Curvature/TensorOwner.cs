using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>What holds native tensors for longer than the scope that they were made in.</summary>
public abstract class TensorOwner : IDisposable
{
    private readonly List<Tensor> _kept = [];

    /// <summary>Keeps a tensor until this is disposed, rather than until the current scope ends.</summary>
    protected Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        _kept.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Disposes what was kept.</summary>
    protected virtual void Dispose(bool disposing)
    {
        foreach (var tensor in _kept) tensor.Dispose();
        _kept.Clear();
    }
}
