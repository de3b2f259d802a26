using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Models.Description;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>Which rule serves which kind of layer.</summary>
public sealed class LayerRuleSet
{
    private readonly ImmutableDictionary<Type, Func<nn.Module, LayerRule>> _rules;

    private LayerRuleSet(ImmutableDictionary<Type, Func<nn.Module, LayerRule>> rules) => _rules = rules;

    /// <summary>The rules that come with this library.</summary>
    public static LayerRuleSet Default { get; } = new LayerRuleSet(
        ImmutableDictionary<Type, Func<nn.Module, LayerRule>>.Empty)
        .With<Linear>(layer => new LinearRule(layer))
        .With<Conv1d>(layer => new ConvolutionRule(layer))
        .With<Conv2d>(layer => new ConvolutionRule(layer))
        .With<Embedding>(layer => new EmbeddingRule(layer))
        .With<BatchNorm1d>(layer => new BatchNormRule(layer))
        .With<BatchNorm2d>(layer => new BatchNormRule(layer))
        .With<LayerNorm>(layer => new LayerNormRule(layer))
        .With<Flatten>(layer => new FlattenRule(layer))
        .With<Identity>(layer => new IdentityRule(layer))
        .With<Dropout>(layer => new IdentityRule(layer, layer.p))
        .With<Dropout1d>(layer => new IdentityRule(layer, layer.p))
        .With<Dropout1dOfBothRanks>(layer => new IdentityRule(layer, layer.Probability))
        .With<Dropout2d>(layer => new IdentityRule(layer, layer.p))
        .With<MaxPool1d>(MaxPoolRule.Of)
        .With<MaxPool2d>(MaxPoolRule.Of)
        .With<AvgPool1d>(layer => new LinearMapRule(layer))
        .With<AvgPool2d>(layer => new LinearMapRule(layer))
        .With<AdaptiveAvgPool1d>(layer => new LinearMapRule(layer))
        .With<AdaptiveAvgPool2d>(layer => new LinearMapRule(layer))
        .WithElementwise<CELU>()
        .WithElementwise<ELU>()
        .WithElementwise<GELU>()
        .WithElementwise<Hardswish>()
        .With<Hardsigmoid>(layer => new ElementwiseRule(layer, isPiecewiseLinear: true))
        .With<HardsigmoidByParts>(layer => new ElementwiseRule(layer, isPiecewiseLinear: true))
        .WithElementwise<Hardtanh>()
        .WithElementwise<HardtanhOfCopy>()
        .WithElementwise<LeakyReLU>()
        .WithElementwise<LogSigmoid>()
        .WithElementwise<Mish>()
        .WithElementwise<ReLU>()
        .WithElementwise<ReLU6>()
        .WithElementwise<SELU>()
        .WithElementwise<SiLU>()
        .WithElementwise<Sigmoid>()
        .WithElementwise<Softplus>()
        .WithElementwise<Softsign>()
        .WithElementwise<Tanh>()
        .WithElementwise<Tanhshrink>();

    /// <summary>Names of the layer kinds that have a rule, sorted.</summary>
    public IEnumerable<string> Known =>
        _rules.Keys.Where(type => !type.IsAssignableTo(typeof(StandIn))).Select(type => type.Name)
            .Append(nameof(Sequential)).Append(nameof(Residual)).Order(StringComparer.Ordinal);

    /// <summary>These rules and one more, or another one for the same kind of layer.</summary>
    /// <typeparam name="TModule">The layer's class, exactly: classes derived from it are other layers.</typeparam>
    /// <param name="rule">Makes the rule of one layer.</param>
    public LayerRuleSet With<TModule>(Func<TModule, LayerRule> rule) where TModule : nn.Module =>
        new(_rules.SetItem(typeof(TModule), module => rule((TModule)module)));

    /// <summary>These rules and one for a layer that maps each number for itself.</summary>
    /// <typeparam name="TModule">The layer's class; libtorch must be able to differentiate it twice.</typeparam>
    public LayerRuleSet WithElementwise<TModule>() where TModule : nn.Module<Tensor, Tensor> =>
        With<TModule>(layer => new ElementwiseRule(layer));

    /// <summary>The rule of a layer, or of a whole model.</summary>
    /// <param name="module">The layer.</param>
    /// <param name="path">Its place in the model; empty for the model itself.</param>
    /// <exception cref="CurvatureException">No rule is known for it, or for a layer in it.</exception>
    internal LayerRule For(nn.Module module, string path)
    {
        LayerRule rule;
        if (_rules.TryGetValue(module.GetType(), out var make)) rule = make(module);
        else if (module is Sequential && !OverridesForward(module)) rule = new ChainRule([.. Children(module, path)]);
        else if (module is Residual) rule = new ResidualRule([.. Children(module, path)]);
        else throw Unknown(module, path);

        (rule.Path, rule.Kind, rule.HasHooks) = (path, StandIn.NameOf(module), HasHooks(module));
        return rule;
    }

    private static bool OverridesForward(nn.Module module) =>
        module.GetType().GetMethod(nameof(Sequential.forward), [typeof(Tensor)])!.DeclaringType != typeof(Sequential);

    /// <summary>Whether somebody else's code changes what goes into a module or comes out of it.</summary>
    private static bool HasHooks(nn.Module module)
    {
        // TorchSharp shows them to nobody but derived classes.
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var type = module.GetType(); type is not null; type = type.BaseType)
        {
            foreach (string name in (ReadOnlySpan<string>)["pre_hooks", "post_hooks"])
            {
                if (type.GetField(name, Own)?.GetValue(module) is ICollection { Count: > 0 }) return true;
            }
        }

        return false;
    }

    private IEnumerable<LayerRule> Children(nn.Module module, string path) =>
        module.named_children().Select(child => For(child.module, path.Length == 0 ? child.name : $"{path}.{child.name}"));

    private NoLayerRuleException Unknown(nn.Module module, string path)
    {
        string where = path.Length == 0 ? "The model itself" : $"Layer {path}";
        string mode = module is PaddedConvolution padded ? $" padded with mode {padded.Mode}" : "";
        return new NoLayerRuleException(
            $"{where} is a {StandIn.NameOf(module)}{mode}, for which there is no layer rule.",
            $"In C#, LayerRuleSet.With adds a rule. Rules are known for: {string.Join(", ", Known)}.");
    }
}
