namespace ActorHutch.Curvature.Native;

/// <summary>How libtorch executes TorchScript.</summary>
internal static unsafe class ScriptExecution
{
    private static readonly Lazy<nint> SetOptimize = new(() =>
        LibTorch.TryFind("_ZN5torch3jit24setGraphExecutorOptimizeEb", out nint function) ? function : 0);

    /// <summary>
    /// Has scripts of the calling thread executed operation by operation, as they are written. Otherwise libtorch watches
    /// the first executions and then rewrites the graph, with derivatives of its own: the last bits of a product, and the
    /// memory that it takes, would depend on how often the model had been evaluated before.
    /// </summary>
    public static void AsWritten()
    {
        if (SetOptimize.Value != 0) ((delegate* unmanaged<byte, void>)SetOptimize.Value)(0);
    }
}
