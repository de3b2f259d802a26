using System.CommandLine;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.Shared.CommandLine.Help;

namespace ActorHutch.Coordinator.CommandLine.Help;

/// <summary>What <c>--help</c> shows: the options under their headings, and examples.</summary>
internal static class HelpPages
{
    /// <summary>The program's name.</summary>
    public const string Program = "actorhutch";

    /// <summary>Where more is to be read.</summary>
    public const string Documents =
        "In the repository: README.md to begin with, docs/models.md for a model of your own, docs/cluster.md and docs/security.md for several machines, "
        + "docs/report.md for what is reported, docs/trace-estimators.md for which command to use.";

    /// <summary>Examples of every command, by its name; of the program itself, by no name.</summary>
    public static IReadOnlyDictionary<string, Example[]> Examples { get; } = new Dictionary<string, Example[]>
    {
        [""] =
        [
            new("actorhutch", "The built-in example: an estimate, and the exact trace beside it"),
            new("actorhutch --model net.pt --data batch.npz --relative-error 0.01",
                "A model of your own, until the trace is known to 1 %"),
        ],
        ["estimate"] =
        [
            new("actorhutch estimate --probes 100000 --method hmp --seed 7 --json",
                "A number of probes with one method, as JSON"),
            new("actorhutch estimate --cluster --min-workers 2 --state kept",
                "On two workers that join; interrupted, the same line goes on"),
        ],
        ["exact"] =
        [
            new("actorhutch exact --dtype float64", "The built-in example's exact trace in double precision"),
            new("actorhutch exact --model net.json --weights net.safetensors --data batch.npz",
                "That of a model description with weights of your own"),
        ],
        ["subsample"] =
        [
            new("actorhutch subsample --model net.pt --data train.npz", "The trace of a whole data set to 1 %, from as much of it as that takes"),
            new("actorhutch subsample --model net.pt --data train.npz --shard 64",
                "The same in shards of 64 samples"),
        ],
        ["spectrum"] =
        [
            new("actorhutch spectrum --out report", "The built-in example's eigenvalue density, with a page and a picture"),
            new("actorhutch spectrum --model net.pt --data batch.npz --lanczos-steps 120",
                "Of a model of your own, with finer nodes"),
        ],
        ["eigenvalues"] =
        [
            new("actorhutch eigenvalues --k 10", "The built-in example's ten largest eigenvalues, each with its residual"),
            new("actorhutch eigenvalues --model net.pt --data train.npz --which both --out r",
                "The five largest and smallest of a model of your own, with a page"),
        ],
        ["diagonal"] =
        [
            new("actorhutch diagonal --out report", "The built-in example's, entry by entry, with standard errors"),
            new("actorhutch diagonal --model net.pt --data train.npz --matrix ggn --out r",
                "The GGN's of a model of your own: exact, if it has at most 100 outputs"),
        ],
        ["xtrace"] =
        [
            new("actorhutch xtrace --probes 60", "The built-in example's trace, from 60 products"),
            new("actorhutch xtrace --model net.pt --data train.npz --out report",
                "That of a model of your own, with a page"),
        ],
        ["hutchpp"] =
        [
            new("actorhutch hutchpp --probes 60", "The built-in example's trace, from 60 products"),
            new("actorhutch hutchpp --model net.pt --data train.npz --v-batch 4",
                "That of a model of your own, four vectors multiplied at once"),
        ],
        ["compare"] =
        [
            new("actorhutch compare", "On the built-in example"),
            new("actorhutch compare --model net.pt --data batch.npz --probes 500 --workers 1",
                "On a model of your own, each with 500 probes, on one worker"),
        ],
        ["accuracy"] =
        [
            new("actorhutch accuracy", "The BackPACK example's figure, in the folder accuracy"),
            new("actorhutch accuracy --seeds 5 --from 10 --to 10000 --steps 20 --out figure",
                "Another range and number of seeds, in the folder figure"),
        ],
        ["check"] =
        [
            new("actorhutch check check.json --model net.pt --data batch.npz --dtype float64",
                "Whether the model that was exported is the one that is read"),
            new("actorhutch check check.json --model net.pt --data batch.npz --method autodiff",
                "The same by automatic differentiation, in single precision"),
        ],
        [WorkerCommand.CommandName] = WorkerCommand.Examples($"{Program} {WorkerCommand.CommandName}"),
    };

    /// <summary>The pages of the program and its commands.</summary>
    /// <param name="root">The program.</param>
    /// <param name="groups">The options that its commands share.</param>
    /// <param name="worker">The page of the one command that has options of its own.</param>
    public static IReadOnlyList<HelpPage> Of(RootCommand root, IReadOnlyList<OptionGroup> groups, HelpPage worker) =>
    [
        new HelpPage(Program, root, groups, Examples[""]) { Documents = Documents },
        .. root.Subcommands.Select(command => command == worker.Command
            ? worker
            : new HelpPage($"{Program} {command.Name}", command, groups, Examples[command.Name])),
    ];
}
