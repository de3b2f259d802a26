using System.Globalization;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.Running;

/// <summary>What a job says of its cluster.</summary>
/// <param name="Node">This node's place in it.</param>
/// <param name="MinWorkers">Workers to wait for.</param>
internal sealed record ClusterRequest(NodeSettings Node, int MinWorkers)
{
    /// <summary>Where the node's health is told; null for nowhere.</summary>
    public HostPort? Health => Node.Health;

    /// <summary>What a job says of its cluster; null where it has none.</summary>
    public static ClusterRequest? Of(RunOptions run) => run.Cluster ? new ClusterRequest(run.Node, run.MinWorkers ?? 1) : null;

    /// <summary>How many workers are waited for, and how one is started, for people.</summary>
    /// <param name="self">The address that the coordinator's node goes by.</param>
    public string HowToJoin(HostPort self)
    {
        string[] command =
        [
            $"actorhutch worker --seed-nodes {self}",
            // On this machine a worker needs no more than that.
            .. self.IsLoopback ? Array.Empty<string>() : ["--listen 0.0.0.0:4053 --advertise ITS-NAME:4053"],
            .. Node.Tls.Any ? [$"--tls-cert {Node.Tls.Certificate} --tls-key {Node.Tls.Key} --tls-ca {Node.Tls.Authority}"] : Array.Empty<string>(),
            .. Node.Insecure ? ["--insecure"] : Array.Empty<string>(),
        ];
        return $"The job begins with {(MinWorkers == 1 ? "the first worker" : string.Create(CultureInfo.InvariantCulture, $"{MinWorkers} workers"))}; "
            + $"this starts one: {string.Join(' ', command)}";
    }

    /// <summary>Everything that is wrong with it.</summary>
    public IEnumerable<Problem> Validate() => MinWorkers < 1
        ? Node.Validate().Append(Problem.Of("min-workers", MinWorkers, "must be at least 1"))
        : Node.Validate();

    /// <summary>Options that say something about another way to run than the one that is asked for.</summary>
    /// <param name="given">The options that the command line has.</param>
    /// <param name="run">What is asked for.</param>
    public static IEnumerable<string> Misplaced(IEnumerable<OptionEntry<JobDocument>> given, RunOptions run) => run.Cluster
        ? given.Where(JobOptions.OfProcess.Contains).Select(entry => $"--{entry.Name} has no meaning with --cluster: actorhutch worker has it.")
        : given.Where(entry => JobOptions.OfCluster.Contains(entry) && !(entry.Name == "insecure" && run.Dashboard is not null))
            .Select(entry => $"--{entry.Name} has no meaning without --cluster.");
}
