namespace ActorHutch.Curvature;

/// <summary>
/// Something about the model, the data or the computation that the caller can mend; the message says what, where,
/// and what would be right.
/// </summary>
public class CurvatureException : Exception
{
    /// <summary>An exception with a message for the user.</summary>
    public CurvatureException(string message) : base(message)
    {
    }

    /// <summary>An exception with a message for the user and what libtorch or the system said.</summary>
    public CurvatureException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

/// <summary>
/// A layer, a loss or a way of sharing parameters that the layer rules do not cover; other methods may serve it.
/// </summary>
public sealed class NoLayerRuleException : CurvatureException
{
    /// <summary>An exception with a message for the user.</summary>
    public NoLayerRuleException(string message) : base(message)
    {
    }
}

/// <summary>Something that this machine lacks, and another one may have, such as memory.</summary>
public class MachineException : CurvatureException
{
    /// <summary>An exception with a message for the user and what libtorch or the system said.</summary>
    public MachineException(string message, Exception? innerException = null) : base(message, innerException!)
    {
    }
}

/// <summary>libtorch cannot be loaded on this machine; another one may have it.</summary>
public sealed class LibTorchException : MachineException
{
    /// <summary>An exception with what was tried, and what the loader said.</summary>
    public LibTorchException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
