using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>docs/models.md's way from a PyTorch script to a trace, as it stands there, and what PyTorch says to the trace.</summary>
public sealed class DocumentedModelTests : IDisposable
{
    /// <summary>The exact trace by double backward, one product for each parameter, in float64.</summary>
    private const string TraceInPython = """
        import torch, mine
        model, x, y = mine.make()
        model, x = model.double().eval(), x.double()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        parameters = list(model.parameters())
        gradients = torch.autograd.grad(loss, parameters, create_graph=True)
        trace = 0.0
        for gradient, parameter in zip(gradients, parameters):
            for i in range(parameter.numel()):
                row = torch.autograd.grad(gradient.reshape(-1)[i], parameter, retain_graph=True)[0]
                trace += row.reshape(-1)[i].item()
        print(repr(trace))
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-docs-").FullName;
    private readonly string _repository = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../.."));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Five_lines_lead_from_a_script_to_the_trace_that_PyTorch_finds()
    {
        string python = PythonWithTorch.OrSkip();
        var page = await File.ReadAllLinesAsync(Path.Combine(_repository, "docs/models.md"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "mine.py"), Example(page, "mine.py"), TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(Path.Combine(_folder, "tools"), Path.Combine(_repository, "tools"));
        string commands = Example(page, "commands");
        Assert.Equal(5, commands.Trim().Split('\n').Length);

        string output = await RunAsync(python, _folder, "bash", "-euc", commands);

        Assert.Contains("They agree", output, StringComparison.Ordinal);
        Assert.Contains("The trace of the Hessian of model.json", output, StringComparison.Ordinal);
        Assert.Contains("loss      cross-entropy, mean (as data.safetensors says)", output, StringComparison.Ordinal);
        double expected = double.Parse(
            (await RunAsync(python, _folder, "python3", "-c", TraceInPython)).Trim(), CultureInfo.InvariantCulture);

        // In float64 both sides round some million operations of 1e-16; in float32, of 1e-7.
        Assert.Equal(expected, await TraceAsync("--job", "job.json", "--dtype", "float64"), Math.Abs(expected) * 1e-10);
        Assert.Equal(expected, await TraceAsync("--job", "job.json"), Math.Abs(expected) * 1e-4);

        await RunAsync(python, _folder, "bash", "-euc",
            "python3 tools/export_pytorch.py mine.py:make --out program --torchscript --check; cd program; "
            + "actorhutch check check.json --model model.pt --data data.safetensors --dtype float64");
        Assert.Equal(
            expected, await TraceAsync("--model", "../program/model.pt", "--data", "../program/data.safetensors", "--dtype", "float64"),
            Math.Abs(expected) * 1e-10);

        async Task<double> TraceAsync(params string[] job) => JsonDocument.Parse(await RunAsync(
                python, Path.Combine(_folder, "exported"), "actorhutch", ["exact", .. job, "--json", "--device", "cpu"]))
            .RootElement.GetProperty("trace").GetDouble();
    }

    /// <summary>docs/examples: models as users write them, with attention, tied weights and sums in forward.</summary>
    [Theory]
    [InlineData("cifar_resnet.py")]
    [InlineData("gpt.py")]
    public async Task The_same_lines_serve_a_script_of_ones_own(string script)
    {
        string python = PythonWithTorch.OrSkip();
        var page = await File.ReadAllLinesAsync(Path.Combine(_repository, "docs/models.md"), TestContext.Current.CancellationToken);
        File.Copy(Path.Combine(_repository, "docs/examples", script), Path.Combine(_folder, "mine.py"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "tools"), Path.Combine(_repository, "tools"));

        string output = await RunAsync(python, _folder, "bash", "-euc", Example(page, "commands"));

        Assert.Contains("They agree", output, StringComparison.Ordinal);
        Assert.Contains("The trace of the Hessian of model.json", output, StringComparison.Ordinal);
        Assert.Contains("method    quadratic (", output, StringComparison.Ordinal);
        Assert.DoesNotContain("libtorch differentiates", output, StringComparison.Ordinal);
        await AssertSameBitsOnAClusterAsync(python);
    }

    private async Task AssertSameBitsOnAClusterAsync(string python)
    {
        string folder = Path.Combine(_folder, "exported");
        string[] few =
        [
            "--model", Path.Combine(folder, "model.json"), "--weights", Path.Combine(folder, "weights.safetensors"),
            "--data", Path.Combine(folder, "data.safetensors"), "--probes", "60", "--v-batch", "10", "--json",
        ];
        string here = await RunAsync(python, folder, "actorhutch", [.. few, "--device", "cpu"]);
        await using var cluster = new TestCluster();
        var coordinator = cluster.CoordinatorOf(few);
        cluster.Worker("a");
        cluster.Worker("b");

        Assert.Equal(0, await coordinator.ExitAsync());

        Assert.Equal(BitsOf(here), BitsOf(coordinator.Output));

        static string BitsOf(string report)
        {
            var root = JsonDocument.Parse(report).RootElement;
            string[] numbers = [.. root.GetProperty("blocks").EnumerateArray().Select(block => block.GetProperty("trace").GetRawText())];
            Assert.NotEmpty(numbers);
            return string.Join(' ', [root.GetProperty("trace").GetRawText(), root.GetProperty("standardError").GetRawText(), .. numbers]);
        }
    }

    /// <summary>The block of code behind a comment that says that it is an example, and of what.</summary>
    private static string Example(string[] page, string name)
    {
        var behind = page.SkipWhile(line => line != $"<!-- example: {name} -->").Skip(2).TakeWhile(line => line != "```").ToArray();
        Assert.NotEmpty(behind);
        return string.Join('\n', behind) + "\n";
    }

    /// <summary>Runs a program with the built programs and a Python that has PyTorch on its path.</summary>
    private async Task<string> RunAsync(string python, string folder, string program, params string[] arguments)
    {
        string bin = Path.Combine(_folder, "bin");
        if (!Directory.Exists(bin))
        {
            Directory.CreateDirectory(bin);
            File.CreateSymbolicLink(Path.Combine(bin, "python3"), python);
            File.CreateSymbolicLink(Path.Combine(bin, "actorhutch"), Path.GetFullPath(ProgramRun.PathOf("actorhutch")));
        }

        string resolved = File.Exists(Path.Combine(bin, program)) ? Path.Combine(bin, program) : program;
        var start = new ProcessStartInfo(resolved, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{await errors}");
        return output;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
