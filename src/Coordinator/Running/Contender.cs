using ActorHutch.Coordinator.Reports;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Running;

/// <summary>One way to estimate the same trace.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Structure">Its structure.</param>
/// <param name="ProbeSpace">Its probes.</param>
/// <param name="VBatch">Probes in a chunk; null (the default) for as many as a job has of which nothing is said.</param>
internal sealed record Contender(
    CurvatureMethod Method, BlockStructure Structure, ProbeSpace ProbeSpace = ProbeSpace.Parameter, int? VBatch = null)
{
    /// <summary>What <c>actorhutch compare</c> compares. The first is what the others are measured against.</summary>
    public static IReadOnlyList<Contender> All { get; } =
    [
        new(CurvatureMethod.Autodiff, BlockStructure.Full),
        new(CurvatureMethod.Autodiff, BlockStructure.Block),
        new(CurvatureMethod.Hmp, BlockStructure.Block, VBatch: 5),
        new(CurvatureMethod.Hmp, BlockStructure.Block, VBatch: 10),
        new(CurvatureMethod.Hmp, BlockStructure.Block, VBatch: 20),
        new(CurvatureMethod.Hmp, BlockStructure.Block),
        new(CurvatureMethod.Quadratic, BlockStructure.Block, VBatch: 5),
        new(CurvatureMethod.Quadratic, BlockStructure.Block, VBatch: 10),
        new(CurvatureMethod.Quadratic, BlockStructure.Block, VBatch: 20),
        new(CurvatureMethod.Quadratic, BlockStructure.Block),
        new(CurvatureMethod.Quadratic, BlockStructure.Full, VBatch: 20),
        new(CurvatureMethod.Quadratic, BlockStructure.Block, ProbeSpace.Output, 20),
        new(CurvatureMethod.Quadratic, BlockStructure.Full, ProbeSpace.Output, 20),
        new(CurvatureMethod.Quadratic, BlockStructure.Block, ProbeSpace.Prediction, 20),
    ];

    /// <summary>What people are told while it runs: <c>3 of 14: hmp block, V_batch 5</c>.</summary>
    /// <param name="place">Which of all it is, from 1.</param>
    public string Title(int place)
    {
        string name = CompareText.Label(Method.Word(), ProbeSpace.Word(), Structure.Word());
        return $"{place} of {All.Count}: {name}{(VBatch is { } size ? $", V_batch {size}" : "")}";
    }

    /// <summary>The job that runs it.</summary>
    /// <param name="common">What all contenders have in common.</param>
    public JobSpec Spec(JobSpec common) => common with
    {
        Method = Method,
        Structure = Structure,
        ProbeSpace = ProbeSpace,
        VBatch = VBatch,
        // It would show in the timing.
        RoundingProbes = 0,
    };
}
