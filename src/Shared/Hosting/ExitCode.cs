namespace ActorHutch.Shared.Hosting;

/// <summary>What the programs tell their caller.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The job is done, and its result could not be written: standard output, or the report's folder.</summary>
    public const int NotWritten = 1;

    /// <summary>The job as it is described cannot be run.</summary>
    public const int BadInput = 2;

    /// <summary>The job could not finish, or a worker found no cluster to join.</summary>
    public const int Failed = 3;

    /// <summary>The user interrupted it.</summary>
    public const int Interrupted = 130;
}
