using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Tests.Running;

public class WorkerDevicesTests
{
    [Theory]
    [InlineData("auto", null, 0, "cpu cpu cpu cpu")]
    [InlineData("auto", 2, 0, "cpu cpu")]
    [InlineData("auto", null, 2, "cuda:0 cuda:1")]
    [InlineData("cpu", null, 2, "cpu cpu cpu cpu")]
    [InlineData("cuda", null, 2, "cuda:0 cuda:1")]
    [InlineData("cuda", 3, 2, "cuda:0 cuda:1 cuda:0")]
    [InlineData("cuda", 1, 2, "cuda:0")]
    [InlineData("cuda:1", null, 2, "cuda:1")]
    [InlineData("cuda:1", 2, 2, "cuda:1 cuda:1")]
    public void Each_worker_gets_a_device(string device, int? workers, int gpus, string devices)
    {
        var settings = new ExecutionSettings { Device = device, Workers = workers };

        Assert.Equal(devices.Split(' '), WorkerDevices.Devices(settings, gpus, processors: 4));
    }

    [Theory]
    [InlineData("auto", 0, false)]
    [InlineData("cpu", 0, false)]
    [InlineData("cuda", 0, true)]
    [InlineData("cuda:0", 0, true)]
    [InlineData("cuda:0", 1, false)]
    [InlineData("cuda:1", 1, true)]
    public void A_device_must_be_there(string device, int gpus, bool wrong) =>
        Assert.Equal(wrong, WorkerDevices.Check(new ExecutionSettings { Device = device }, gpus) is not null);
}
