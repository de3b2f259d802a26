namespace ActorHutch.Curvature.Tests;

/// <summary>
/// Tests that read libtorch's default generator. It is one for the whole process, and every layer that is made
/// anywhere draws its weights from it, so these tests run alone.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class DefaultGenerator
{
    public const string Name = "default generator";
}
