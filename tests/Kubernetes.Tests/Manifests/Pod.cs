using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>A pod as a kubelet would start it: what the template refers to is put in.</summary>
/// <param name="Host">Its host name.</param>
/// <param name="ObjectName">Its own name.</param>
/// <param name="Index">Its number among its likes.</param>
/// <param name="Address">Its address.</param>
/// <param name="Workload">What it belongs to.</param>
internal sealed partial record Pod(string Host, string ObjectName, int Index, string Address, Workload Workload)
{
    /// <summary>The name that others find it by.</summary>
    public string DomainName => $"{Host}.{Workload.Domain}";

    /// <summary>Its container's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment
    {
        get
        {
            var environment = new Dictionary<string, string>();
            foreach (var variable in Workload.Container.Env ?? [])
            {
                // A value may refer to the variables before it.
                environment[variable.Name] = variable.ValueFrom is { } source
                    ? Field(source.FieldRef.FieldPath)
                    : Expand(variable.Value, environment);
            }

            return environment;
        }
    }

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Command
    {
        get
        {
            var environment = Environment;
            return [.. Workload.Container.Command.Concat(Workload.Container.Args ?? []).Select(word => Expand(word, environment))];
        }
    }

    /// <summary>The value of an option among <see cref="Command"/>; null where it is not there.</summary>
    public string? Option(string name) =>
        Command.SingleOrDefault(word => word.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    private string Field(string path) => path switch
    {
        "status.podIP" => Address,
        "metadata.name" => ObjectName,
        "metadata.annotations['batch.kubernetes.io/job-completion-index']" when Workload.Job is not null =>
            Index.ToString(CultureInfo.InvariantCulture),
        _ => throw new ArgumentException($"There is no {path} in a pod of {Workload.Name}."),
    };

    /// <summary><c>$(NAME)</c> as Kubernetes reads it. It leaves unknown names as they are; here they are a mistake.</summary>
    private static string Expand(string text, IReadOnlyDictionary<string, string> environment) => Reference().Replace(
        text,
        reference => environment.TryGetValue(reference.Groups[1].Value, out string? value)
            ? value
            : throw new ArgumentException($"{reference.Value} is not defined before it is used."));

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Reference();
}
