using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>
/// Factories whose models and data have, in double precision, the numbers that they have in single precision. A factory that
/// draws its weights draws others in double precision, which would not tell what rounding does.
/// </summary>
internal static class SingleNumbers
{
    /// <summary>The same kind of factory with those numbers.</summary>
    /// <param name="factory">An <see cref="IModelFactory"/>, an <see cref="IRiskFactory"/>, or both.</param>
    /// <param name="isOfModels">Whether it is asked for a model alone.</param>
    public static object Of(object factory, bool isOfModels) => factory switch
    {
        IModelFactory models when isOfModels => new Models(models),
        IRiskFactory risks when !isOfModels => new Risks(risks),
        _ => factory,
    };

    private static void Copy(nn.Module from, nn.Module to)
    {
        using var noGrad = no_grad();
        var sources = Numbers(from).ToDictionary();
        foreach (var (name, target) in Numbers(to)) target.copy_(sources[name]);
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Numbers(nn.Module module) =>
        module.named_parameters().Select(p => KeyValuePair.Create(p.name, (Tensor)p.parameter))
            .Concat(module.named_buffers().Select(b => KeyValuePair.Create(b.name, b.buffer)));

    private sealed class Models(IModelFactory factory) : IModelFactory
    {
        public nn.Module<Tensor, Tensor> CreateModel(ScalarType dtype, Device device)
        {
            using var single = factory.CreateModel(ScalarType.Float32, device);
            var model = factory.CreateModel(dtype, device);
            Copy(single, model);
            return model;
        }
    }

    private sealed class Risks(IRiskFactory factory) : IRiskFactory
    {
        public EmpiricalRisk CreateRisk(ScalarType dtype, Device device)
        {
            var single = factory.CreateRisk(ScalarType.Float32, device);
            using var model = single.Model;
            using var inputs = single.Inputs;
            using var targets = single.Targets;
            var risk = factory.CreateRisk(dtype, device);
            Copy(model, risk.Model);
            using var noGrad = no_grad();
            foreach (var (target, numbers) in risk.Inputs.Zip(inputs)) target.copy_(numbers);
            risk.Targets.copy_(targets);
            return risk;
        }
    }
}
