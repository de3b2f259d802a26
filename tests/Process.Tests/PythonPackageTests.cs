using System.Runtime.CompilerServices;

namespace ActorHutch.Process.Tests;

/// <summary>The Python package's own tests, in python/tests, with the program that was built.</summary>
public sealed class PythonPackageTests
{
    private static readonly string Folder =
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../python/tests"));

    /// <summary>Where the tests look for the programs.</summary>
    private static readonly (string Variable, string Name)[] Programs =
        [("ACTORHUTCH", "actorhutch"), ("ACTORHUTCH_WORKER", "actorhutch-worker")];

    /// <summary>Each test class there, with the modules of Python that it takes beside torch.</summary>
    public static TheoryData<string, string> Classes => new()
    {
        { "test_functions.FunctionTests", "" },
        { "test_errors.InputTests", "" },
        { "test_errors.ProgramTests", "" },
        { "test_errors.InterruptionTests", "" },
        { "test_model.ModelTests", "" },
        { "test_tracker.TrackerTests", "" },
        { "test_cluster.ClusterTests", "" },
        { "test_zoo.ZooTests", "torchvision" },
        { "test_package.DocumentationTests", "" },
        { "test_package.TypeTests", "mypy" },
        { "test_package.VersionTests", "" },
        { "test_package.CommandTests", "" },
        { "test_package.InstallTests", "pip setuptools wheel" },
        { "test_walks.WalkTests", "" },
        { "test_walks.ComparisonTests", "" },
    };

    [Theory]
    [MemberData(nameof(Classes))]
    public void The_package_passes_its_tests(string name, string modules)
    {
        string python = PythonWithTorch.OrSkip();
        foreach (string module in modules.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            Assert.SkipUnless(PythonWithTorch.Has(module), $"python3 has no {module}: apt-get install python3-{module}");

        var (code, output) = PythonWithTorch.RunModule(
            python, Folder, [.. Programs.Select(program => (program.Variable, Path.GetFullPath(ProgramRun.PathOf(program.Name))))],
            "unittest", "-v", name);

        Assert.True(code == 0, output);
        Assert.Matches(@"(?m)^Ran [1-9]", output);
    }

    [Fact]
    public void Every_test_class_of_the_package_is_run()
    {
        string[] found =
        [
            .. from file in Directory.GetFiles(Folder, "test_*.py")
               from line in File.ReadAllLines(file)
               where line.StartsWith("class ", StringComparison.Ordinal) && line.Contains("TestCase", StringComparison.Ordinal)
               select $"{Path.GetFileNameWithoutExtension(file)}.{line[6..line.IndexOf('(', StringComparison.Ordinal)]}",
        ];

        Assert.Equal(Classes.Select(row => row.Data.Item1).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
