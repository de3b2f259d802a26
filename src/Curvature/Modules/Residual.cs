using System.Globalization;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>
/// The sum of several branches that all see the same input. A shortcut is a branch like any other:
/// <c>new Residual(nn.Identity(), body)</c>.
/// </summary>
public sealed class Residual : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] _branches;

    /// <summary>A sum of branches.</summary>
    /// <param name="branches">At least one; their parameters are named by their place: <c>0.weight</c>, <c>1.0.bias</c>, …</param>
    public Residual(params nn.Module<Tensor, Tensor>[] branches)
        : this([.. (branches ?? throw new ArgumentNullException(nameof(branches)))
            .Select((branch, i) => (i.ToString(CultureInfo.InvariantCulture), branch))])
    {
    }

    /// <summary>A sum of branches with names of their own.</summary>
    /// <param name="branches">At least one; their parameters are named by them: <c>body.0.weight</c>, …</param>
    public Residual(IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Branch)> branches) : base(nameof(Residual))
    {
        ArgumentNullException.ThrowIfNull(branches);
        if (branches.Count == 0) throw new ArgumentException("A sum needs at least one branch.", nameof(branches));
        _branches = [.. branches.Select(branch => branch.Branch)];
        foreach (var (name, branch) in branches) register_module(name, branch);
    }

    /// <summary>Σ of the branches' outputs, which must have one shape. No branch sees what another does to its input.</summary>
    public override Tensor forward(Tensor input) =>
        _branches.Select(branch => branch.call(MayOverwrite(branch) ? input.clone() : input))
            .Aggregate((sum, branch) => sum.Plus(branch));

    /// <summary>Whether a layer works in place; of classes that are not TorchSharp's or ours nobody knows.</summary>
    private static bool MayOverwrite(nn.Module branch) => branch.modules().Append(branch).Any(module =>
        module.GetType().GetProperty("inplace") is { } inPlace
            ? inPlace.GetValue(module) is true
            : module.GetType().Assembly != typeof(nn.Module).Assembly && module.GetType().Assembly != typeof(Residual).Assembly);
}
