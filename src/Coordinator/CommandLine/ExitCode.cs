namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the program tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The job as it is described cannot be run.</summary>
    public const int BadInput = 2;

    /// <summary>The job could not finish.</summary>
    public const int Failed = 3;

    /// <summary>The user interrupted it.</summary>
    public const int Interrupted = 130;
}
