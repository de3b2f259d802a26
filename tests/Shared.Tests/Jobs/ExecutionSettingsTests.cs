using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Jobs;

public class ExecutionSettingsTests
{
    [Theory]
    [InlineData("auto")]
    [InlineData("cpu")]
    [InlineData("cuda")]
    [InlineData("cuda:0")]
    [InlineData("cuda:12")]
    public void A_device_is_auto_cpu_cuda_or_one_of_the_GPUs(string device) =>
        Assert.Empty(new ExecutionSettings { Device = device }.Validate());

    [Theory]
    [InlineData("tpu")]
    [InlineData("CPU")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    [InlineData("")]
    public void Anything_else_is_not(string device) =>
        Assert.Equal("device", Assert.Single(new ExecutionSettings { Device = device }.Validate()).Field);

    [Fact]
    public void There_is_at_least_one_worker_one_thread_and_a_mebibyte() => Assert.Equal(
        ["workers", "threads", "memory-budget"],
        new ExecutionSettings { Workers = 0, ThreadsPerWorker = 0, MemoryBudget = (1 << 20) - 1 }.Validate().Select(problem => problem.Field));
}
