namespace ActorHutch.Curvature.Native;

/// <summary>How libtorch executes TorchScript.</summary>
internal static unsafe class ScriptExecution
{
    private static readonly Lazy<(nint Get, nint Set)?> Optimize = new(() =>
        LibTorch.TryFind("_ZN5torch3jit24getGraphExecutorOptimizeEv", out nint get)
        && LibTorch.TryFind("_ZN5torch3jit24setGraphExecutorOptimizeEb", out nint set) ? (get, set) : null);

    /// <summary>
    /// Executes a script operation by operation, as it is written. Otherwise libtorch watches the first executions and then
    /// rewrites the graph, with derivatives of its own: the last bits of a product, and the memory that it takes, would
    /// depend on how often the model had been evaluated before.
    /// </summary>
    public static T AsWritten<T>(Func<T> execute)
    {
        if (Optimize.Value is not var (get, set)) return execute();

        // It is a setting of the thread's, and the thread may have scripts of others.
        byte before = ((delegate* unmanaged<byte>)get)();
        try
        {
            ((delegate* unmanaged<byte, void>)set)(0);
            return execute();
        }
        finally
        {
            ((delegate* unmanaged<byte, void>)set)(before);
        }
    }
}
