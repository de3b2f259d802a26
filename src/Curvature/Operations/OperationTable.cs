using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// What a layer of a model is made of: from the layer, the graph that is written, and the value of the layer's input, to
/// the value of its output.
/// </summary>
/// <typeparam name="TModule">The layer's class.</typeparam>
/// <param name="module">The layer.</param>
/// <param name="graph">Takes the operations.</param>
/// <param name="input">The layer's input.</param>
public delegate GraphValue Lowering<in TModule>(TModule module, GraphBuilder graph, GraphValue input);

/// <summary>The layers whose operations are known. Immutable: <see cref="With"/> makes another table.</summary>
public sealed partial class OperationTable
{
    private readonly ImmutableDictionary<Type, Lowering<nn.Module>> _modules;

    private OperationTable(ImmutableDictionary<Type, Lowering<nn.Module>> modules) => _modules = modules;

    /// <summary>The layers that this library knows.</summary>
    public static OperationTable Default { get; } = Layers(new OperationTable(ImmutableDictionary<Type, Lowering<nn.Module>>.Empty));

    /// <summary>Names of the layers that are known, sorted.</summary>
    public IEnumerable<string> Known =>
        _modules.Keys.Where(type => !type.IsAssignableTo(typeof(StandIn))).Select(type => type.Name)
            .Append(nameof(Sequential)).Append(nameof(Residual)).Order(StringComparer.Ordinal);

    /// <summary>This table and one layer more, or another lowering of the same layer.</summary>
    /// <typeparam name="TModule">The layer's class, exactly: classes derived from it are other layers.</typeparam>
    /// <param name="lowering">Writes its operations.</param>
    public OperationTable With<TModule>(Lowering<TModule> lowering) where TModule : nn.Module =>
        new(_modules.SetItem(typeof(TModule), (module, graph, input) => lowering((TModule)module, graph, input)));

    /// <summary>This table and a layer that maps each number for itself.</summary>
    /// <typeparam name="TModule">The layer's class; libtorch must be able to differentiate it twice.</typeparam>
    public OperationTable WithElementwise<TModule>() where TModule : nn.Module<Tensor, Tensor> =>
        With<TModule>((module, graph, input) => graph.Add(() => new ElementwiseOperation(module.call), input));

    /// <summary>This table and a layer that maps each number for itself, and has no second derivative wherever it has one.</summary>
    private OperationTable WithPiecewiseLinear<TModule>() where TModule : nn.Module<Tensor, Tensor> =>
        With<TModule>((module, graph, input) => graph.Add(() => new ElementwiseOperation(module.call, isPiecewiseLinear: true), input));

    /// <summary>The graph of a model.</summary>
    /// <exception cref="CurvatureException">A layer of it is not known.</exception>
    public ModelGraph Graph(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model is GraphModule given) return given.Graph;
        var graph = new GraphBuilder();
        return graph.Build(Lower(model, "", graph, new GraphInput(0)));
    }

    private GraphValue Lower(nn.Module module, string path, GraphBuilder graph, GraphValue input)
    {
        graph.Path = $"{Place(path)} ({StandIn.NameOf(module)})";
        if (_modules.TryGetValue(module.GetType(), out var lowering))
        {
            var value = lowering(module, graph, input);
            return HasHooks(module) ? throw Hooked() : value;
        }

        if (HasHooks(module)) throw Hooked();
        NoLayerRuleException Hooked() => Unserved(graph, "has hooks, which layer rules do not support");
        var children = module.named_children()
            .Select(child => (child.module, Path: path.Length == 0 ? child.name : $"{path}.{child.name}"));
        string place = graph.Path;
        return module switch
        {
            Sequential when !OverridesForward(module) =>
                children.Aggregate(input, (value, child) => Lower(child.module, child.Path, graph, value)),
            Residual => children.Select(child => Lower(child.module, child.Path, graph, input)).ToArray()
                .Aggregate((sum, branch) =>
                {
                    graph.Path = place;
                    return graph.Add(() => new SumOperation(1), sum, branch);
                }),
            _ => throw Unknown(module, path),
        };
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

    private static string Place(string path) => path.Length == 0 ? "The model itself" : $"Layer {path}";

    /// <summary>That the layer at hand is one that there is no operation for.</summary>
    private static NoLayerRuleException Unserved(GraphBuilder graph, string why) =>
        new($"{graph.Path} {why}.");

    private NoLayerRuleException Unknown(nn.Module module, string path)
    {
        string mode = module is PaddedConvolution padded ? $" padded with mode {padded.Mode}" : "";
        return new NoLayerRuleException(
            $"{Place(path)} is a {StandIn.NameOf(module)}{mode}, for which there is no layer rule.",
            $"In C#, {nameof(OperationTable)}.{nameof(With)} adds a rule. Rules are known for: {string.Join(", ", Known)}.");
    }
}
