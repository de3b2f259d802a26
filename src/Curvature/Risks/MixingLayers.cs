using ActorHutch.Curvature.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

/// <summary>The layers of a model that are known to mix samples.</summary>
internal static class MixingLayers
{
    /// <summary>What they are and why, a sentence each without its end.</summary>
    public static IEnumerable<string> Of(nn.Module model) => model is TorchScriptModel script
        ? script.Layers
            .Where(layer => layer.Type.Contains("BatchNorm", StringComparison.Ordinal) && !layer.Buffers.Contains("running_mean"))
            .Select(layer => Normalises(layer.Name, layer.Type))
        : model.named_modules()
            .Where(layer => layer.module is BatchNorm norm && (norm.training || !norm.track_running_stats))
            .Select(layer => Normalises(layer.name, layer.module.GetType().Name));

    /// <summary>What is said of a layer that normalises so.</summary>
    public static string Normalises(string path, string type) =>
        $"layer {path} ({type}) normalises with the batch's own statistics";
}
