using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>The README's section on the library: its program here, and by its steps in a project of one's own.</summary>
[Collection(DefaultGenerator.Name)]
public sealed class ReadmeExampleTests
{
    private static string Root => Path.GetFullPath(Path.Combine(Folder(), "..", ".."));

    private static string Readme => File.ReadAllText(Path.Combine(Root, "README.md"));

    /// <summary>The README's program.</summary>
    private static string Program => Assert.Single(Readme.Split("<!-- example -->\n```csharp\n").Skip(1)).Split("```")[0];

    /// <summary>The commands under each mark for steps.</summary>
    private static string[][] Steps =>
    [
        .. Readme.Split("<!-- steps -->\n").Skip(1).Select(text =>
            text.Split('\n').TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal)).Select(line => line.Trim()).ToArray()),
    ];

    [Fact]
    public void The_program_agrees_with_exact_values()
    {
        using var scope = NewDisposeScope();

        var (_, risk, estimate, largest, diagonal) = Run();

        double trace = ExactTrace.Of(risk).Trace;
        // Four standard errors: for a random seed the false-alarm rate would be 6e-5.
        Assert.InRange(estimate.Trace - trace, -4 * estimate.StandardError, 4 * estimate.StandardError);
        Assert.Equal(1000, estimate.Probes);
        Assert.True(largest.Converged);
        Assert.Equal(3, largest.Vectors!.Count);
        Assert.Equal(risk.ParameterCount, diagonal.Length);
        double ggn = ExactTrace.Of(risk, CurvatureMatrix.Ggn).Trace;
        // Float32, in sums of 53 entries.
        Assert.Equal(ggn, diagonal.Sum(), 1e-5 * ggn);
    }

    [Fact]
    public void The_README_shows_the_lines_that_are_run_here()
    {
        string[] source = File.ReadAllText(Path.Combine(Folder(), "ReadmeExampleTests.cs")).Split("// README\n");

        Assert.Equal(
            Lines(Program).Where(line => !line.StartsWith("using ActorHutch", StringComparison.Ordinal) && !line.StartsWith("using static", StringComparison.Ordinal)),
            Lines(source[1]));
    }

    [Fact]
    public void The_steps_lead_to_a_program_of_ones_own_that_prints_the_same()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The steps are run by a POSIX shell.");
        using var folder = new PackageFolder();
        string clone = folder.Clone(Root);
        var steps = Steps;
        Assert.StartsWith("dotnet pack ", steps[0][0], StringComparison.Ordinal);

        foreach (string step in steps[0]) folder.Shell(clone, step);
        File.WriteAllText(Path.Combine(clone, "..", "curvature", "Program.cs"), Program);
        string printed = folder.Shell(clone, Assert.Single(steps[1]));

        using var scope = NewDisposeScope();
        // To the last digit: nothing here is large enough for libtorch to share it among threads.
        Assert.Equal(Run().Printed, printed);
        string library = folder.Installed("lib", "ActorHutch.Curvature.dll");
        using var image = new PEReader(File.OpenRead(library));
        // Machine code would be this system's.
        Assert.Equal(0, image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
        Assert.True(File.Exists(Path.ChangeExtension(library, ".xml")), "the docstrings, for editors");
    }

    private static (string Printed, EmpiricalRisk Risk, TraceEstimate Estimate, EigenvalueEstimate Largest, double[] Diagonal) Run()
    {
        // The lines below write to this.
        var Console = new StringWriter();

        // README
        LibTorch.Load();
        manual_seed(0);
        var model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3));
        var (inputs, targets) = (randn(32, 6), randint(0, 3, [32]));

        var risk = new EmpiricalRisk(model, new CrossEntropy(), inputs, targets);
        using var hessian = QuadraticForms.Create(risk);
        var estimate = HutchinsonEstimator.Estimate(hessian, probes: 1000);
        Console.WriteLine($"tr(H) = {estimate.Trace:G5}, standard error {estimate.StandardError:G2}, exactly {ExactTrace.Of(risk).Trace:G5}");
        foreach (var block in estimate.Blocks) Console.WriteLine($"    {block.Name}: {block.Trace:G4}");

        using var shards = new ShardedRisk(model, new CrossEntropy(), new TensorSamples(inputs, targets));
        var largest = EigenvaluesEstimator.Find(shards, new EigenvalueOptions { Count = 3 });
        Console.WriteLine($"largest eigenvalues: {string.Join(", ", largest.Values.Select(one => $"{one.Value:G5}"))}");

        var ggn = new CurvatureOptions { Matrix = CurvatureMatrix.Ggn, ProbeSpace = null };
        var diagonal = DiagonalEstimator.Estimate(shards, ggn).Diagonal!.Values();
        Console.WriteLine($"diagonal of the GGN: {diagonal.Length} entries, from {diagonal.Min():G3} to {diagonal.Max():G3}");
        // README

        return (Console.ToString(), risk, estimate, largest, diagonal);
    }

    private static string[] Lines(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
