using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Where a job's page may be listened for.</summary>
internal static class DashboardRequest
{
    /// <summary>What is wrong with it: like a cluster's port, it is for this machine alone unless told otherwise.</summary>
    public static IEnumerable<Problem> Validate(RunOptions run)
    {
        if (run.Dashboard is not { IsLoopback: false } listen) return [];
        // Where the cluster has certificates, --insecure has another problem already.
        bool tls = run.Cluster && run.Node.Tls.Any;
        if (tls)
        {
            return [new Problem("dashboard", listen.ToString(),
                "must be on loopback (127.0.0.1) where there is --tls-cert: the page is not encrypted; ssh -L brings it to another machine")];
        }

        return run.Node.Insecure
            ? []
            : [new Problem("dashboard", listen.ToString(),
                "must be on loopback (127.0.0.1), or have --insecure: then everyone who can connect to the port can read the job's progress, "
                + "its model's name, its blocks and its workers, but can change nothing")];
    }
}
