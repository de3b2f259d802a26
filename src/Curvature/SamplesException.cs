namespace ActorHutch.Curvature;

/// <summary>Some samples are wrong: not finite, or such as the loss has no meaning for. The message says which and why.</summary>
public sealed class SamplesException : CurvatureException
{
    /// <summary>An exception that says what is wrong.</summary>
    public SamplesException(string message, Exception? innerException = null) : base(message, innerException!)
    {
    }
}
