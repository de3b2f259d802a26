using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>A replica of the built-in example.</summary>
internal sealed class MnistReplica(MnistExample example) : IReplica
{
    public ModelDescription Model { get; } =
        new(MnistExample.Name, example.Sha256, example.Risk.ParameterCount, example.Risk.SampleCount);

    public void CheckDeterminism() => example.Risk.CheckDeterminism();

    public IQuadraticForm QuadraticForm(CurvatureOptions options) => QuadraticForms.Create(example.Risk, options);

    public void Dispose() => example.Dispose();
}
