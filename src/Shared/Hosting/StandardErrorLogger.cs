using Akka.Event;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// What Akka logs with before its real logger runs and after it stopped. Akka's own choice writes to standard output,
/// which belongs to the result.
/// </summary>
public sealed class StandardErrorLogger : MinimalLogger
{
    /// <inheritdoc/>
    protected override void Log(object message) => Console.Error.WriteLine(message);
}
