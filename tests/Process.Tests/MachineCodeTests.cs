using System.Reflection.PortableExecutable;

namespace ActorHutch.Process.Tests;

/// <summary>A Release build's programs start with machine code: build/ReadyToRun.targets.</summary>
public sealed class MachineCodeTests
{
    public static TheoryData<string, string> Assemblies => new(
        from program in new[] { "actorhutch", "actorhutch-worker" }
        from assembly in new[] { program, "ActorHutch.Curvature", "ActorHutch.Shared", "Akka", "Akka.Cluster", "Akka.Remote", "TorchSharp" }
        select (program, assembly));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void A_program_that_starts_has_machine_code_beside_the_IL(string program, string assembly)
    {
        string folder = Path.GetDirectoryName(ProgramRun.PathOf(program))!;
        Assert.SkipWhen(folder.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal), "a Debug build, which has none");

        using var image = new PEReader(File.OpenRead(Path.Combine(folder, assembly + ".dll")));

        Assert.True(image.HasMetadata);
        Assert.NotEqual(0, image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
    }
}
