namespace ActorHutch.Shared.Messages;

/// <summary>A message that may travel between processes: plain data, no references to actors, no code.</summary>
public interface IProtocolMessage
{
}

/// <summary>What a worker says to the coordinator; who said it is the message's sender.</summary>
public interface IWorkerMessage : IProtocolMessage
{
}

/// <summary>What the coordinator says to a worker.</summary>
public interface ICoordinatorMessage : IProtocolMessage
{
}

/// <summary>A message about one run of one job; dropped by whoever no longer works on that run.</summary>
public interface IJobMessage : IProtocolMessage
{
    /// <summary>The run.</summary>
    Guid Job { get; }
}
