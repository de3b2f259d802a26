using System.Diagnostics.CodeAnalysis;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>Estimators by their names.</summary>
public static class Estimators
{
    /// <summary>How one is written.</summary>
    public static ValueFormat<Estimator> Format { get; } = new(
        string.Join('|', Estimator.All), $"must be {string.Join(" or ", Estimator.All)}", TryParse)
    { Words = [.. Estimator.All.Select(one => one.Name)] };

    /// <summary>The estimator of a name; case does not matter.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out Estimator? estimator)
    {
        estimator = Estimator.All.FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));
        return estimator is not null;
    }
}
