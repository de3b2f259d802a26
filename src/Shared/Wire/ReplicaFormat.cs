using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Wire;

/// <summary>How the description of a replica travels.</summary>
internal static class ReplicaFormat
{
    public static V1.ModelDescription Write(ReplicaDescription model) => new()
    {
        Name = model.Name,
        Sha256 = model.Sha256,
        Parameters = model.Parameters,
        Samples = model.Samples,
        Loss = model.Loss is not { } loss
            ? null
            : new V1.LossDescription { Name = loss.Name, Reduction = loss.Reduction, Reason = loss.Reason },
    };

    public static ReplicaDescription Read(V1.ModelDescription? wire)
    {
        wire = Fields.Required(wire);
        return new ReplicaDescription(wire.Name, wire.Sha256, wire.Parameters, wire.Samples)
        {
            Loss = wire.Loss is not { } loss ? null : new LossDescription(loss.Name, loss.Reduction, loss.Reason),
        };
    }
}
