using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The exporter that messages name travels with the program.</summary>
public sealed class ExporterOfTheProgramTests
{
    [Fact]
    public async Task The_file_that_a_message_names_exports_a_model()
    {
        using var files = new ModelFiles();
        var run = await Invocation.Of(
            new TorchReplicaFactory(), ["--model", files.PathOf("data.safetensors"), "--data", files.PathOf("data.safetensors")]);
        Assert.Equal(2, run.Code);
        string file = Assert.Single(run.Error.Split(' '), word => word.EndsWith("export_pytorch.py", StringComparison.Ordinal));
        Assert.True(File.Exists(file), file);
        File.WriteAllText(files.PathOf("mine.py"), """
            import torch
            def make():
                return torch.nn.Sequential(torch.nn.Linear(3, 2)), torch.ones(4, 3), torch.tensor([0, 1, 1, 0])
            """);

        int code = PythonWithTorch.Run(
            PythonWithTorch.OrSkip(), "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')",
            file, files.PathOf("mine.py") + ":make", "--out", files.PathOf("exported"));

        Assert.Equal(0, code);
        Assert.True(File.Exists(files.PathOf("exported/model.json")));
    }
}
