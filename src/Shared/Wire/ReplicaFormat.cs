using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Wire;

/// <summary>How the description of a replica travels.</summary>
internal static class ReplicaFormat
{
    public static V1.ReplicaDescription Write(ReplicaDescription model) => new()
    {
        Name = model.Name,
        Sha256 = model.Sha256,
        Parameters = model.Parameters,
        Samples = model.Samples,
        Loss = LossFormat.Write(model.Loss),
    };

    public static ReplicaDescription Read(V1.ReplicaDescription? wire)
    {
        wire = Fields.Required(wire);
        return new ReplicaDescription(wire.Name, wire.Sha256, wire.Parameters, wire.Samples)
        {
            Loss = LossFormat.Read(wire.Loss),
        };
    }
}
