using System.Globalization;
using System.Text.Json;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>
/// <c>actorhutch check</c>: whether the model, loss and data that this program reads are the ones that another program
/// wrote, by the loss and one vᵀHv.
/// </summary>
internal static class CheckCommand
{
    /// <summary>Sums of some million terms differ by so much between two programs; another model by far more.</summary>
    private const double Tolerance32 = 1e-3, Tolerance64 = 1e-8;

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
        if (request.Problems.Count > 0) return Problems.Report(terminal.Error, "actorhutch", request.Problems);
        try
        {
            var theirs = CurvatureCheck.Load(expected);
            using var probe = ArrayFiles.Open(ProbeOf(expected));
            string device = Placement.Devices(request.Settings, replicas.CudaDeviceCount, processors: 1)[0];
            var source = request.Spec.Risk;
            using var replica = replicas.Create(
                new ReplicaKey(source, request.Spec.Dtype, device, request.Settings.ThreadsPerWorker), Paths(source, request.Files!));
            replica.CheckDeterminism();
            var ours = replica.Check(probe, request.Spec.Method);
            return Report(theirs, ours, request.Spec.Dtype, terminal);
        }
        catch (CurvatureException error)
        {
            terminal.Error.WriteLine(error.Message);
            return error is LibTorchException ? ExitCode.Failed : ExitCode.BadInput;
        }
    }

    private static int Report(CurvatureCheck theirs, CurvatureCheck ours, Dtype dtype, Terminal terminal)
    {
        double tolerance = dtype == Dtype.Float64 ? Tolerance64 : Tolerance32;
        bool agree = ours.RelativeDifference(theirs) <= tolerance;
        void Line(string name, double mine, double other) => terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name,-5} {mine,-22:R} expected {other:R}"));
        Line("loss", ours.Loss, theirs.Loss);
        Line("vᵀHv", ours.QuadraticForm, theirs.QuadraticForm);
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"They {(agree ? "agree" : "differ")}: by {ours.RelativeDifference(theirs):0.0e+0}, where {tolerance:0e+0} is {dtype.Word()}'s rounding."));
        return agree ? ExitCode.Done : ExitCode.Failed;
    }

    private static Dictionary<BlobId, string> Paths(RiskSource source, JobInputs files) =>
        source.Files.Append(source.Assembly).OfType<InputFile>().Select(file => file.Content.Id).Distinct()
            .ToDictionary(id => id, id => files.Here.PathOf(id)!);

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
