using ActorHutch.Benchmarks;
using ActorHutch.Curvature.Native;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

if (args is ["scheduling"])
{
    await SchedulingBenchmark.RunAsync();
    return;
}

if (args is ["dashboard"])
{
    await DashboardBenchmark.RunAsync();
    return;
}

if (args is ["terminal"])
{
    TerminalBenchmark.Run();
    return;
}

if (args is ["start-up", .. var folders])
{
    StartUpBenchmark.Run(folders);
    return;
}

if (args is ["passes-picture", var folder])
{
    PassesPicture.Write(folder);
    return;
}

if (args is ["pytorch", .. var names])
{
    PyTorchBenchmark.Run(names);
    return;
}

if (args is ["products", .. var multiplied])
{
    ProductBenchmark.Run(multiplied);
    return;
}

if (args is ["estimators", .. var estimated])
{
    EstimatorsBenchmark.Run(estimated);
    return;
}

if (args is ["time-to-1-percent", .. var trained])
{
    TimeToOnePercentBenchmark.Run(trained);
    return;
}

// One thread, as one worker has by default: ratios then say what the mathematics costs, not how it is spread.
LibTorch.Load();
TorchSharp.torch.set_num_threads(1);

var config = ManualConfig.Create(DefaultConfig.Instance)
    .WithOptions(ConfigOptions.DisableOptimizationsValidator | ConfigOptions.JoinSummary)
    .AddExporter(MarkdownExporter.GitHub)
    .AddJob(Job.Default
        .WithToolchain(InProcessNoEmitToolchain.Instance)
        .WithWarmupCount(2)
        .WithIterationCount(11)
        .WithIterationTime(Perfolizer.Horology.TimeInterval.FromMilliseconds(300)));
BenchmarkSwitcher.FromAssembly(typeof(ExampleBenchmarks).Assembly).Run(args, config);
