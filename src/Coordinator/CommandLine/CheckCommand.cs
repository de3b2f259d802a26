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
    public static int Run(Request request, string expected, Terminal terminal, IReplicaFactory replicas)
    {
        request = request.WithFiles(new BlobCache(BlobCache.DefaultDirectory));
        using var inputs = request.Files;
        if (request.Problems.Count > 0) return Problems.Report(terminal.Error, "actorhutch", request.Problems);
        try
        {
            var theirs = CurvatureCheck.Load(expected);
            using var probe = ArrayFiles.Open(ProbeOf(expected));
            string device = Placement.Devices(request.Settings, replicas.CudaDeviceCount, processors: 1)[0];
            var source = request.Spec.Risk;
            using var replica = replicas.Create(
                new ReplicaKey(source, request.Spec.Dtype, device, request.Settings.ThreadsPerWorker), Files(source, inputs!));
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

    private static ReplicaFiles Files(RiskSource source, JobInputs inputs) => new(
        source.Files.Append(source.Assembly).OfType<InputFile>().Select(file => file.Content.Id).Distinct()
            .ToDictionary(id => id, id => inputs.Here.FileOf(id)!));

    /// <summary>The file that the expected values name as their probe, beside them.</summary>
    private static string ProbeOf(string expected)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(expected));
        string name = json.RootElement.TryGetProperty("probe", out var probe) && probe.ValueKind == JsonValueKind.String
            ? probe.GetString()!
            : throw new CurvatureException($"{expected} names no file as its probe.");
        return Path.Combine(Path.GetDirectoryName(Path.GetFullPath(expected))!, name);
    }
}
