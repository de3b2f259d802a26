namespace ActorHutch.Curvature;

/// <summary>
/// A file that was read from end to end and hashed is not what it was: it was changed or cut, or cannot be read any more.
/// Nothing was computed with what is in it now.
/// </summary>
public sealed class FileChangedException : MachineException
{
    /// <summary>An exception that names the file, and what was found.</summary>
    public FileChangedException(string message, Exception? innerException = null) : base(message, innerException)
    {
    }
}
