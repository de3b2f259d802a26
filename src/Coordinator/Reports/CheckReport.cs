using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>How this program's loss and vᵀHv compare with another's, as <c>actorhutch check --json</c> writes it.</summary>
internal sealed record CheckReport
{
    /// <summary>Sums of some million terms differ by so much between two programs; another model by far more.</summary>
    private const double Tolerance32 = 1e-3, Tolerance64 = 1e-8;

    /// <summary>Whether every difference is within <see cref="Tolerance"/>.</summary>
    public required bool Agree { get; init; }

    /// <summary>The largest relative difference.</summary>
    public required double Difference { get; init; }

    /// <summary>What the number type's rounding may come to.</summary>
    public required double Tolerance { get; init; }

    /// <summary>L(θ); its difference is relative to what is expected.</summary>
    public required CheckedNumber Loss { get; init; }

    /// <summary>vᵀHv of the full Hessian; its difference is relative to <see cref="Scale"/>.</summary>
    public required CheckedNumber QuadraticForm { get; init; }

    /// <summary>Σ_b |v_bᵀ(Hv)_b| over the blocks b, the larger of both.</summary>
    public required double Scale { get; init; }

    /// <summary>v_bᵀ(Hv)_b, in the model's order; their differences are relative to <see cref="Scale"/> too.</summary>
    public required IReadOnlyList<CheckedBlock> Blocks { get; init; }

    public required string Dtype { get; init; }

    public required string Method { get; init; }

    public required ReplicaDescription Model { get; init; }

    public required JobDocument Job { get; init; }

    /// <summary>When and where it was computed.</summary>
    public required RunReport Run { get; init; }

    public required VersionReport Versions { get; init; }

    /// <summary>The block that differs most; null where the other program does not tell blocks apart.</summary>
    internal string? WorstBlock { get; init; }

    /// <summary>Compares.</summary>
    public static CheckReport Of(CurvatureCheck ours, CurvatureCheck theirs, ReplicaDescription model, JobDocument job, RunReport run)
    {
        var difference = ours.DifferenceFrom(theirs);
        double tolerance = job.Spec.Dtype == Shared.Jobs.Dtype.Float64 ? Tolerance64 : Tolerance32;
        double scale = Math.Max(ours.Scale, theirs.Scale);
        return new CheckReport
        {
            Agree = difference.Largest <= tolerance,
            Difference = difference.Largest,
            Tolerance = tolerance,
            Loss = new CheckedNumber(ours.Loss, theirs.Loss, difference.Loss),
            QuadraticForm = new CheckedNumber(ours.QuadraticForm, theirs.QuadraticForm, difference.QuadraticForm),
            Scale = scale,
            Blocks = [.. ours.Blocks.Select(block =>
            {
                double? expected = theirs.Blocks.TryGetValue(block.Key, out double value) ? value : null;
                return new CheckedBlock(block.Key, block.Value, expected, expected is null ? null : Math.Abs(block.Value - value) / scale);
            })],
            Dtype = job.Spec.Dtype.Word(),
            Method = ours.Method!.Value.Word(),
            Model = model,
            Job = job,
            Run = run,
            Versions = VersionReport.Current,
            WorstBlock = difference.WorstBlock,
        };
    }
}

/// <summary>A number of ours, the one that is expected, and their relative difference.</summary>
internal sealed record CheckedNumber(double Value, double Expected, double Difference);

/// <summary>The same for a block; nulls where the other program does not tell it.</summary>
internal sealed record CheckedBlock(string Name, double Value, double? Expected, double? Difference);
