using ActorHutch.GpuWorker.Running;

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
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_processor_is_of_the_kind_that_decides_its_kernels() => Assert.Matches("^cpu (X64|Arm64) (128|256|512)$", DeviceKind.Of("cpu"));
}
