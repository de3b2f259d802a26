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
/// <remarks>What serves it depends on what was asked for: whoever knows that adds the way out.</remarks>
public sealed class NoLayerRuleException : CurvatureException
{
    private readonly string? _hint;

    /// <summary>An exception with what is missing.</summary>
    /// <param name="message">What is not covered, and where: a sentence.</param>
    /// <param name="hint">What else may help, beside another method or space: sentences; null for nothing.</param>
    public NoLayerRuleException(string message, string? hint = null) : this(message, message, hint)
    {
    }

    private NoLayerRuleException(string message, string missing, string? hint)
        : base(hint is null ? message : $"{message} {hint}") => (Missing, _hint) = (missing, hint);

    /// <summary>What is not covered, and where: a sentence.</summary>
    public string Missing { get; }

    /// <summary>The same, with what serves the model in place of what was asked for.</summary>
    /// <param name="way">A sentence.</param>
    internal NoLayerRuleException With(string way) => new($"{Missing} {way}", Missing, _hint);
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
