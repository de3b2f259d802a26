using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Wire;

/// <summary>How a job's spec travels: every field, because every one shows in the result.</summary>
internal static class JobSpecFormat
{
    public static V1.JobSpec Write(JobSpec spec)
    {
        var wire = new V1.JobSpec
        {
            Kind = spec.Estimator.Name,
            Model = spec.Risk.Model,
            Matrix = Fields.OfWord(spec.Matrix),
            Structure = Fields.OfWord(spec.Structure),
            ProbeSpace = Fields.OfWord(spec.ProbeSpace ?? ProbeSpace.Parameter),
            Distribution = Fields.OfWord(spec.Distribution),
            Probes = spec.Probes,
            Seed = spec.Seed,
            Dtype = Fields.OfWord(spec.Dtype),
            ConfidenceLevel = spec.ConfidenceLevel,
            PicksSpace = spec.ProbeSpace is null,
        };
        // As it was before there were files: a job that has none is the same bytes.
        if (spec.Risk != new RiskSource { Model = spec.Risk.Model }) wire.Risk = RiskSourceFormat.Write(spec.Risk);
        if (spec.Method is { } method) wire.Method = Fields.OfWord(method);
        if (spec.VBatch is { } vBatch) wire.VBatch = vBatch;
        if (spec.RelativeError is { } relativeError) wire.RelativeError = relativeError;
        if (spec.RoundingProbes is { } roundingProbes) wire.RoundingProbes = roundingProbes;
        if (spec.LanczosSteps is { } steps) wire.LanczosSteps = steps;
        if (spec.K is { } count) wire.K = count;
        if (spec.Which is { } which) wire.Which = Fields.OfWord(which);
        return wire;
    }

    public static JobSpec Read(V1.JobSpec? wire)
    {
        wire = Fields.Required(wire);
        return new JobSpec
        {
            Estimator = Fields.Estimator(wire.Kind),
            Risk = RiskSourceFormat.Read(wire.Model, wire.Risk),
            Matrix = Fields.Word<CurvatureMatrix>(wire.Matrix),
            Structure = Fields.Word<BlockStructure>(wire.Structure),
            Method = wire.HasMethod ? Fields.Word<CurvatureMethod>(wire.Method) : null,
            ProbeSpace = wire.PicksSpace ? null : Fields.Word<ProbeSpace>(wire.ProbeSpace),
            Distribution = Fields.Word<ProbeDistribution>(wire.Distribution),
            Probes = wire.Probes,
            VBatch = wire.HasVBatch ? wire.VBatch : null,
            Seed = wire.Seed,
            Dtype = Fields.Word<Dtype>(wire.Dtype),
            RelativeError = wire.HasRelativeError ? wire.RelativeError : null,
            ConfidenceLevel = wire.ConfidenceLevel,
            LanczosSteps = wire.HasLanczosSteps ? wire.LanczosSteps : null,
            K = wire.HasK ? wire.K : null,
            Which = wire.HasWhich ? Fields.Word<SpectrumEnd>(wire.Which) : null,
            RoundingProbes = wire.HasRoundingProbes ? wire.RoundingProbes : null,
        };
    }
}
