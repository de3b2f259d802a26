using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Coordinator.Running;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;
using Serilog.Events;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the command line asks for, as far as it could be understood.</summary>
/// <param name="Spec">The job.</param>
/// <param name="ProbeSpaceGiven">Whether the command line says where probes are drawn.</param>
/// <param name="Settings">Where it runs.</param>
/// <param name="Json">Whether the result is for a program.</param>
/// <param name="LogLevel">The least important log lines to write.</param>
/// <param name="Problems">Everything that is wrong, a line each; none where the rest can be used.</param>
internal sealed record Request(
    JobSpec Spec, bool ProbeSpaceGiven, ExecutionSettings Settings, bool Json, LogEventLevel LogLevel,
    IReadOnlyList<string> Problems)
{
    /// <summary>Reads a command line; options with a problem of their own are left at their defaults.</summary>
    public static Request Read(ParseResult parsed, OptionSet options, JobKind kind, IReplicaFactory replicas)
    {
        var bad = parsed.Errors.Select(error => OptionOf(error.SymbolResult)).Where(option => option is not null).ToHashSet();
        T? Value<T>(Option<T> option) => bad.Contains(option) ? default : parsed.GetValue(option);

        var job = new JobSpec();
        var spec = job with
        {
            Kind = kind,
            Matrix = Value(options.Matrix) ?? job.Matrix,
            Structure = Value(options.Structure) ?? job.Structure,
            Method = Value(options.Method),
            ProbeSpace = Value(options.ProbeSpace) ?? job.ProbeSpace,
            Distribution = Value(options.Distribution) ?? job.Distribution,
            Probes = Value(options.Probes) ?? job.Probes,
            VBatch = Value(options.VBatch),
            RelativeError = Value(options.RelativeError),
            Seed = Value(options.Seed) ?? job.Seed,
            Dtype = Value(options.Dtype) ?? job.Dtype,
        };
        var execution = new ExecutionSettings();
        var settings = execution with
        {
            Device = Value(options.Device) ?? execution.Device,
            Workers = Value(options.Workers),
            ThreadsPerWorker = Value(options.Threads) ?? execution.ThreadsPerWorker,
        };

        string[] problems =
        [
            .. parsed.Errors.Select(error => error.Message),
            .. Misplaced(parsed),
            .. spec.Validate().Concat(settings.Validate()).Select(problem => problem.ToString()),
            .. DeviceProblem(settings, replicas),
        ];
        return new Request(
            spec, Value(options.ProbeSpace) is not null, settings, parsed.GetValue(options.Json),
            Value(options.LogLevel) ?? LogEventLevel.Warning,
            [.. problems.Distinct()]);
    }

    private static Option? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option,
        ArgumentResult { Parent: OptionResult option } => option.Option,
        _ => null,
    };

    /// <summary>Options before a command's name that the command does not have: the parser lets them pass.</summary>
    private static IEnumerable<string> Misplaced(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        return parsed.RootCommandResult.Children
            .OfType<OptionResult>()
            .Where(result => !result.Implicit && !command.Options.Contains(result.Option))
            .Select(result => $"{result.Option.Name} has no meaning for actorhutch {command.Name}.");
    }

    private static IEnumerable<string> DeviceProblem(ExecutionSettings settings, IReplicaFactory replicas)
    {
        // Only then: it takes libtorch to know.
        if (!settings.Device.StartsWith("cuda", StringComparison.Ordinal) || settings.Validate().Count > 0) return [];
        try
        {
            return Placement.Check(settings, replicas.CudaDeviceCount) is { } problem ? [problem.ToString()] : [];
        }
        catch (CurvatureException error)
        {
            return [error.Message];
        }
    }
}
