namespace ActorHutch.Process.Tests;

/// <summary>A machine on which no typeface is installed: a mount namespace in which there are none.</summary>
public sealed class FontlessTests : IDisposable
{
    /// <summary>Where fontconfig and others look, as far as it is there.</summary>
    private const string TakeFontsAway = """
        for folder in /usr/share/fonts /usr/local/share/fonts /usr/X11R6/lib/X11/fonts /etc/fonts /var/cache/fontconfig "$HOME/.fonts" "$HOME/.local/share/fonts" "$HOME/.cache/fontconfig"
        do [ ! -d "$folder" ] || mount -t tmpfs none "$folder" || exit 99
        done
        exec "$@"
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fontless");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Its_pictures_are_those_of_any_other_machine_to_the_last_bit()
    {
        Assert.SkipUnless(
            Directory.Exists("/usr/share/fonts") && Directory.EnumerateFiles("/usr/share/fonts", "*.?tf", SearchOption.AllDirectories).Any(),
            "There are no typefaces here that could be taken away.");
        await using var alone = ProgramRun.StartFile("unshare", ["--mount", "sh", "-c", TakeFontsAway, "sh", "true"]);
        if (await alone.ExitAsync() is not 0) Assert.Skip($"Mount namespaces cannot be made here: {alone}");

        string here = Path.Combine(_folder.FullName, "here"), there = Path.Combine(_folder.FullName, "there");
        await using var usual = ProgramRun.Start("actorhutch", null, Arguments(here));
        Assert.Equal(0, await usual.ExitAsync());
        await using var fontless = ProgramRun.StartFile(
            "unshare", ["--mount", "sh", "-c", TakeFontsAway, "sh", ProgramRun.PathOf("actorhutch"), .. Arguments(there)]);
        Assert.Equal(0, await fontless.ExitAsync());

        // The timeline has this run's times in it.
        foreach (string name in (string[])["convergence.png", "convergence.svg", "blocks.png", "blocks.svg"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(here, name)), File.ReadAllBytes(Path.Combine(there, name)));
    }

    private static string[] Arguments(string folder) => ["--probes", "200", "--device", "cpu", "--workers", "1", "--out", folder, "--quiet"];
}
