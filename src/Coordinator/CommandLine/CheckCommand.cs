using System.Text.Json;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>
/// <c>actorhutch check</c>: whether the model, loss and data that this program reads are the ones that another program
/// wrote, by the loss and one vᵀHv.
/// </summary>
internal static class CheckCommand
{
    /// <returns>One of <see cref="ExitCode"/>: <see cref="ExitCode.Failed"/> where the numbers differ.</returns>
    public static async Task<int> RunAsync(
        Func<Request> read, string expected, Terminal terminal, IReplicaFactory replicas, CancellationToken cancellation)
    {
        try
        {
            // What is computed cannot be interrupted; nobody waits for it then.
            return await Task.Run(() => Run(read(), expected, terminal, replicas), CancellationToken.None)
                .WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static int Run(Request request, string expected, Terminal terminal, IReplicaFactory replicas)
    {
        request = request.WithFiles(new BlobCache(BlobCache.DefaultDirectory));
        using var inputs = request.Files;
        if (request.Problems.Count > 0) return Problems.Report(terminal.Error, "actorhutch", request.Problems);
        try
        {
            var theirs = CurvatureCheck.Load(expected);
            using var probe = ArrayFiles.Open(ProbeOf(expected));
            string device = WorkerDevices.Devices(request.Settings, replicas.CudaDeviceCount, processors: 1)[0];
            var source = WithLoss(request.Spec.Risk, theirs, expected);
            using var replica = replicas.Create(
                new ReplicaKey(source, request.Spec.Dtype, device, request.Settings.ThreadsPerWorker), Files(source, inputs!));
            CheckLoss(replica.Model.Loss, source, theirs, expected);
            replica.CheckDeterminism();
            var ours = replica.Check(probe, request.Spec.Method);
            var job = request.Job with { Spec = request.Spec with { Risk = source } };
            var report = CheckReport.Of(ours, theirs, replica.Model, job, terminal.Clock.Report(null));
            if (request.Json) terminal.Out.WriteLine(ReportJson.Write(report));
            else CheckText.Write(terminal.Out, report);
            return report.Agree ? ExitCode.Done : ExitCode.Failed;
        }
        catch (CurvatureException error)
        {
            terminal.Error.WriteLine(ApiWords.ToOptions(error.Message));
            return error is LibTorchException ? ExitCode.Failed : ExitCode.BadInput;
        }
    }

    /// <summary>The source with the loss that the expected values are of, where the job names none; some models bring theirs.</summary>
    private static RiskSource WithLoss(RiskSource source, CurvatureCheck theirs, string expected)
    {
        if (source.Data is null && source.Inputs is null) return source;
        if (theirs.LossFunction is { } name and not ModelLoss.Word && source.Loss is null)
        {
            source = source with
            {
                Loss = LossOf(name) ?? throw new CurvatureException(
                    $"{expected} names the loss {name}, which is not known: --loss {Choices.Loss.Right}."),
            };
        }

        if (theirs.LossFunction is null || LossOf(theirs.LossFunction) == source.Loss)
            source = source with { LossArguments = source.LossArguments.Over(ArgumentsOf(theirs, expected)) };
        return theirs.Reduction is { } word && source.Reduction == Reduction.Mean && Choices.Reduction.TryParse(word, out var reduction)
            ? source with { Reduction = reduction }
            : source;
    }

    /// <summary>Numbers of two losses are not compared.</summary>
    private static void CheckLoss(LossDescription? ours, RiskSource source, CurvatureCheck theirs, string expected)
    {
        if (ours is null) return;
        // A name that is not known is the user's to know.
        string? loss = theirs.LossFunction is ModelLoss.Word ? ModelLoss.Word : LossOf(theirs.LossFunction ?? "")?.Word();
        if (loss is not null && loss != ours.Name && (ours.Name == ModelLoss.Word || Choices.Loss.Words.Contains(ours.Name)))
        {
            throw new CurvatureException(
                $"{expected} was computed with the loss {loss}, and the job has {ours.Name} ({ours.Reason}): leave out --loss to use "
                + "the file's, or compute the file again.");
        }

        var arguments = ArgumentsOf(theirs, expected);
        foreach (var argument in LossArgument.All)
        {
            // Files of before say one argument alone.
            bool isSaid = theirs.LossArguments is not null || (theirs.IgnoreIndex is not null && argument == LossArgument.IgnoreIndex);
            if (!isSaid || argument.Write(source.LossArguments) is null || !argument.Differs(source.LossArguments, arguments)) continue;
            throw new CurvatureException(
                $"{expected} was computed with --{argument.Name} {argument.Write(arguments) ?? argument.Default}, and the job has "
                + $"{argument.Write(source.LossArguments)}: leave it out, which is the file's, or compute the file again.");
        }

        if (theirs.Reduction is { } reduction && reduction != ours.Reduction)
        {
            throw new CurvatureException(
                $"{expected} was computed with the reduction {reduction}, and the job has {ours.Reduction}: leave out --reduction to use "
                + "the file's, or compute the file again.");
        }
    }

    /// <summary>The arguments that a file says, but for those at their defaults.</summary>
    private static LossArguments ArgumentsOf(CurvatureCheck theirs, string expected)
    {
        var said = theirs.IgnoreIndex is { } index && index != ClassificationLoss.DefaultIgnoreIndex
            ? new LossArguments { IgnoreIndex = index }
            : LossArguments.None;
        foreach (var (name, text) in theirs.LossArguments ?? new Dictionary<string, string>())
        {
            var argument = LossArgument.All.FirstOrDefault(argument => argument.Name == name)
                ?? throw new CurvatureException($"{expected} has the loss argument {name} = {text}: there is no such argument.");
            said = argument.Read(said, text) ?? throw new CurvatureException($"{expected} has the loss argument {name} = {text}: it {argument.Right}.");
        }

        return said;
    }

    /// <summary>The loss that a file names; tools/export_pytorch.py has called bce bce-with-logits.</summary>
    private static LossKind? LossOf(string name) =>
        Choices.Loss.TryParse(name == "bce-with-logits" ? LossKind.Bce.Word() : name, out var loss) ? loss : null;

    private static ReplicaFiles Files(RiskSource source, JobInputs inputs) => new(
        source.Files.Append(source.Assembly).OfType<InputFile>().Select(file => file.Content.Id).Distinct()
            .ToDictionary(id => id, id => inputs.Here.FileOf(id)!));

    /// <summary>The file that the expected values name as their probe, beside them.</summary>
    private static string ProbeOf(string expected)
    {
        using var json = JsonDocument.Parse(RegularFile.ReadAll(expected, CurvatureCheck.LargestFile));
        string name = json.RootElement.TryGetProperty("probe", out var probe) && probe.ValueKind == JsonValueKind.String
            ? probe.GetString()!
            : throw new CurvatureException($"{expected} names no file as its probe.");
        return Path.Combine(Path.GetDirectoryName(Path.GetFullPath(expected))!, name);
    }
}
