using ActorHutch.Fakes;
using ActorHutch.GpuWorker.CommandLine;

namespace ActorHutch.GpuWorker.Tests.CommandLine;

/// <summary>Bad input: exit code 2, everything that is wrong on standard error.</summary>
public class WorkerCommandTests
{
    [Theory]
    [InlineData("", "--seed-nodes : must name the coordinator, as HOST:PORT.")]
    [InlineData("--seed-nodes host", "--seed-nodes host: must be HOST:PORT.")]
    [InlineData("--seed-nodes a:1,b:x", "--seed-nodes b:x: must be HOST:PORT.")]
    [InlineData("--seed-nodes a:0", "--seed-nodes a:0: must be an address and port that a node advertises.")]
    [InlineData("--seed-nodes a:1 --listen 99999", "--listen 99999: must be HOST:PORT.")]
    [InlineData("--seed-nodes a:1 --insecure --listen 0.0.0.0:0",
        "--listen 0.0.0.0:0: needs --advertise HOST:PORT, the address that others reach this machine by.")]
    [InlineData("--seed-nodes a:1 --threads 0", "--threads 0: must be at least 1.")]
    [InlineData("--seed-nodes a:1 --device tpu", "--device tpu: must be auto, cpu, cuda or cuda:I with a GPU's number I.")]
    [InlineData("--seed-nodes a:1 --health :80", "--health :80: must be HOST:PORT.")]
    [InlineData("--seed-nodes a:1 --expose-metrics",
        "--expose-metrics without --health: needs --health HOST:PORT, the address that metrics are told at.")]
    [InlineData("--seed-nodes a:1 --join-timeout -1", "--join-timeout -1: must be a number of seconds from 0.001 to 2147483.")]
    [InlineData("--seed-nodes a:1 --log-level loud", "--log-level loud: must be debug, information, warning or error.")]
    public async Task A_bad_value_is_named_with_what_would_be_right(string line, string problem)
    {
        var (code, error) = await Run(line);

        Assert.Equal(2, code);
        Assert.Equal(problem, error[0]);
        Assert.Equal("See actorhutch-worker --help.", error[^1]);
    }

    [Fact]
    public async Task Everything_wrong_is_listed_at_once()
    {
        var (code, error) = await Run("--listen x --threads x --device tpu --workers 0");

        Assert.Equal(2, code);
        Assert.Equal(
            ["--listen", "--threads", "--seed-nodes", "--device", "--workers"],
            error.SkipLast(1).Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_device_that_is_not_there_is_named()
    {
        var (code, error) = await Run("--seed-nodes a:1 --device cuda");

        Assert.Equal(2, code);
        Assert.Contains("no CUDA device", error[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model-assembly")]
    [InlineData("--tls-cert")]
    [InlineData("--tls-key")]
    [InlineData("--tls-ca")]
    public async Task What_is_no_regular_file_is_refused_and_not_waited_for(string option)
    {
        var folder = Directory.CreateTempSubdirectory("actorhutch-");
        try
        {
            foreach (string path in (string[])[folder.FullName, NamedPipe.MakeOrSkip(Path.Combine(folder.FullName, "pipe"))])
            {
                var (code, error) = await Task.Run(() => Run($"--seed-nodes a:1 {option} {path}"))
                    .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

                Assert.Equal(2, code);
                Assert.Contains(error, line => line.StartsWith($"{option} {path}: must be a file that can be read", StringComparison.Ordinal));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_may_be_given_several_times_is_all_of_it()
    {
        string file = typeof(WorkerCommandTests).Assembly.Location, other = typeof(WorkerCommand).Assembly.Location;
        var command = new WorkerCommand(new FakeReplicaFactory(), TextWriter.Null, TextWriter.Null);

        var request = command.Read(command.Parse(["--seed-nodes", "a:1,b:2", "--model-assembly", file, "--model-assembly", other]));

        Assert.Empty(request.Problems);
        Assert.Equal([file, other], request.AssemblyFiles);
        Assert.Equal(["a:1", "b:2"], request.Cluster.SeedNodes.Select(node => node.ToString()));
    }

    [Theory]
    [InlineData("host:4053", "host", 4053)]
    [InlineData("[::1]:0", "::1", 0)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65535)]
    public void An_address_is_a_host_and_a_port(string text, string host, int port)
    {
        Assert.True(Shared.Hosting.HostPort.TryParse(text, out var address));
        Assert.Equal((host, port, text), (address.Host, address.Port, address.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData(":1")]
    [InlineData("::1:1")]
    [InlineData("host:65536")]
    [InlineData("a b:1")]
    public void Anything_else_is_none(string text) => Assert.False(Shared.Hosting.HostPort.TryParse(text, out _));

    private static async Task<(int Code, string[] Error)> Run(string line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new WorkerCommand(new FakeReplicaFactory(), output, error)
            .RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), TestContext.Current.CancellationToken);
        return (code, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
