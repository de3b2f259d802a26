using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.GpuWorker.Tests.Running;

public class DeviceKindTests
{
    [Fact]
    public void A_gpu_is_of_the_kind_that_its_driver_names()
    {
        var folder = Directory.CreateTempSubdirectory("actorhutch-");
        try
        {
            foreach (var (bus, model) in new[] { ("0000:01:00.0", "NVIDIA H100 80GB HBM3"), ("0000:02:00.0", "NVIDIA A100") })
            {
                Directory.CreateDirectory(Path.Combine(folder.FullName, bus));
                File.WriteAllText(
                    Path.Combine(folder.FullName, bus, "information"), $"Model: \t\t {model}\nIRQ:   \t\t 17\n");
            }

            Assert.Equal("NVIDIA A100 + NVIDIA H100 80GB HBM3", DeviceKind.GpuModels(folder.FullName));
            Assert.Equal("", DeviceKind.GpuModels(Path.Combine(folder.FullName, "none")));
            // Which of the two it is, nobody says.
            Assert.Equal("cuda:1 of NVIDIA A100 + NVIDIA H100 80GB HBM3", DeviceKind.GpuOf("cuda:1", folder.FullName));
            Assert.Equal("cuda", DeviceKind.GpuOf("cuda:1", Path.Combine(folder.FullName, "none")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: AMD EPYC: 9V74\nstepping\t: 1\n\nprocessor\t: 1\nmodel name\t: none\n", "AMD EPYC: 9V74 25 17 1")]
    [InlineData("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n", "0x41 0xd0c 1")]
    public void A_processor_is_of_the_kind_that_the_system_names(string cpuinfo, string kind)
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, cpuinfo);

        Assert.Equal(kind, DeviceKind.Processor(file));
        File.Delete(file);
        Assert.Matches("^(X64|Arm64) (128|256|512)$", DeviceKind.Processor(file));
    }

    [Fact]
    public void The_kind_of_a_processor_is_its_libtorchs_too() =>
        Assert.Matches(OperatingSystem.IsLinux() ? @"^cpu .+, libtorch 2\.10\.\d+ \([0-9a-f]{8}\), [A-Z0-9 ]+" : "^cpu .+, libtorch 2.10", DeviceKind.Of("cpu"));
}
