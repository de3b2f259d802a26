namespace ActorHutch.Shared.Messages;

/// <summary>Where workers look for the coordinator.</summary>
public static class CoordinatorAddress
{
    /// <summary>The coordinator's name under <c>/user</c>.</summary>
    public const string Name = "coordinator";

    /// <summary>The coordinator's path in its own actor system.</summary>
    public const string Path = "/user/" + Name;
}
