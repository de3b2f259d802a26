using System.Diagnostics;
using System.Text.RegularExpressions;
using ActorHutch.Curvature.Risks;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>
/// A refused job's message names a way out that serves that very job: every combination is tried, and of each that is
/// refused the command that the message recommends.
/// </summary>
public class RecommendationTests
{
    private const string Script = "import sys, torch; m = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)); torch.jit.save(torch.jit.script(m), sys.argv[1])";

    private static readonly string[] Small = ["--probes", "2", "--rounding-probes", "0", "--workers", "1", "--quiet"];

    public static TheoryData<string, string> Table()
    {
        var table = new TheoryData<string, string>();
        foreach (string model in (string[])["description", "class without rules", "TorchScript"])
        {
            foreach (string loss in (string[])["cross-entropy", "cross-entropy of probabilities", "mse", "bce"]) table.Add(model, loss);
        }

        return table;
    }

    [Theory, MemberData(nameof(Table))]
    public async Task What_a_refusal_recommends_is_accepted(string model, string loss)
    {
        using var files = new ModelFiles();
        string[] risk = [.. Model(model, files), "--data", loss == "cross-entropy" ? files.PathOf("data.safetensors") : files.WriteSoftTargets("soft.safetensors", 1), "--loss", loss.Split(' ')[0]];
        int refused = 0;
        foreach (string method in (string[])["auto", "autodiff", "hmp", "quadratic"])
            foreach (string space in (string[])["parameter", "output"])
                foreach (var (matrix, structure) in (ValueTuple<string, string>[])[("hessian", "block"), ("hessian", "full"), ("ggn", "block")])
                {
                    var asked = new Dictionary<string, string> { ["method"] = method, ["probe-space"] = space, ["matrix"] = matrix, ["structure"] = structure };
                    var run = await Run(risk, asked);
                    if (run.Code == 0) continue;
                    Assert.Equal(2, run.Code);
                    refused++;
                    foreach (var way in Ways(run, asked))
                    {
                        var again = await Run(risk, way);
                        Assert.True(again.Code == 0, $"{Line(asked)}: «{run.Error.Trim()}», but {Line(way)}: «{again.Error.Trim()}»");
                    }
                }

        Assert.True(refused > 0);
    }

    [Theory]
    [InlineData("description")]
    [InlineData("class without rules")]
    [InlineData("TorchScript")]
    public async Task So_it_is_of_an_exact_trace(string model)
    {
        using var files = new ModelFiles();
        string[] risk = [.. Model(model, files), "--data", files.PathOf("data.safetensors")];
        foreach (string method in (string[])["auto", "autodiff", "hmp", "quadratic"])
            foreach (string? space in (string?[])[null, "parameter", "output"])
            {
                var asked = new Dictionary<string, string> { ["method"] = method };
                if (space is not null) asked["probe-space"] = space;
                var run = await Exact(asked);
                if (run.Code == 0) continue;
                Assert.Equal(2, run.Code);
                foreach (var way in Ways(run, asked))
                {
                    var again = await Exact(way);
                    Assert.True(again.Code == 0, $"{Line(asked)}: «{run.Error.Trim()}», but {Line(way)}: «{again.Error.Trim()}»");
                }
            }

        Task<Invocation> Exact(IReadOnlyDictionary<string, string> options) => Invocation.Of(
            new TorchReplicaFactory(), ["exact", .. risk, .. Line(options).Split(' '), "--rounding-probes", "0", "--workers", "1", "--quiet"]);
    }

    [Theory]
    [InlineData("--weights w.safetensors", "needs --model FILE.json")]
    [InlineData("--weights w.safetensors --model-assembly a.dll --model-type T --data d", "must not be there with --model-assembly")]
    [InlineData("--dtype auto --rounding-probes 0", "must be float32 or float64 with --rounding-probes 0")]
    [InlineData("--rounding-probes 1", "must be a whole number, at least 2, or 0 for none, or auto")]
    public async Task What_does_not_go_together_is_told_by_what_does(string line, string message)
    {
        var run = await Invocation.Of(line.Split(' '));

        Assert.Equal(2, run.Code);
        Assert.Contains(run.ErrorLines, said => said.Contains(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("compare")]
    [InlineData("accuracy")]
    [InlineData("check x.json")]
    public async Task Commands_that_compute_in_one_number_type_do_not_pick_it(string command)
    {
        var run = await Invocation.Of([.. command.Split(' '), "--dtype", "auto"]);

        Assert.Equal(2, run.Code);
        Assert.Equal("--dtype auto: must be float32 or float64 here; auto is for estimates and exact traces.", run.ErrorLines[0]);
    }

    private static async Task<Invocation> Run(string[] risk, IReadOnlyDictionary<string, string> options) =>
        await Invocation.Of(new TorchReplicaFactory(), [.. risk, .. Line(options).Split(' '), .. Small]);

    private static string Line(IReadOnlyDictionary<string, string> options) =>
        string.Join(' ', options.Select(option => $"--{option.Key} {option.Value}"));

    /// <summary>What all messages together recommend; of a single one each of its alternatives.</summary>
    private static IEnumerable<Dictionary<string, string>> Ways(Invocation refused, IReadOnlyDictionary<string, string> asked)
    {
        string[][] recommended =
        [
            .. refused.ErrorLines.Where(line => !line.StartsWith("See actorhutch", StringComparison.Ordinal)).Select(line =>
            {
                var found = Regex.Match(Regex.Replace(line, @"\([^)]*\)", ""), "(?:needs|[Uu]se) (--[^:.]*)");
                Assert.True(found.Success, line);
                return found.Groups[1].Value.Split(", or ");
            }),
        ];
        int most = recommended.Length == 1 ? recommended[0].Length : 1;
        for (int i = 0; i < most; i++)
        {
            var way = new Dictionary<string, string>(asked);
            foreach (string[] alternatives in recommended)
            {
                foreach (Match option in Regex.Matches(alternatives[i], "--([a-z-]+) ([a-z0-9]+)")) way[option.Groups[1].Value] = option.Groups[2].Value;
            }

            Assert.NotEqual(asked, way);
            yield return way;
        }
    }

    private static string[] Model(string kind, ModelFiles files)
    {
        if (kind == "description") return files.ModelOptions;
        if (kind == "class without rules") return ["--model-assembly", typeof(UnruledModel).Assembly.Location, "--model-type", typeof(UnruledModel).FullName!];

        string path = files.PathOf("model.pt");
        try
        {
            using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Script, path]) { RedirectStandardError = true })!;
            python.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // There is no Python.
        }

        Assert.SkipUnless(File.Exists(path), "/usr/bin/python3 has no torch: apt-get install python3-torch");
        return ["--model", path];
    }
}

/// <summary>A model with a layer that has no rule.</summary>
public sealed class UnruledModel : IModelFactory
{
    public nn.Module<Tensor, Tensor> CreateModel(ScalarType dtype, Device device)
    {
        random.manual_seed(5);
        var model = nn.Sequential(nn.Linear(6, 5), nn.Softmax(1), nn.Linear(5, 3));
        model.to(dtype);
        model.to(device);
        return model;
    }
}
