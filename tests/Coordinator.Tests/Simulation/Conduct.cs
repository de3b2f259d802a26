using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>How a worker behaves.</summary>
internal enum Conduct
{
    /// <summary>As it should.</summary>
    Good,

    /// <summary>As it should, and far more slowly than others.</summary>
    Slow,

    /// <summary>Its results have another shape.</summary>
    WrongShape,

    /// <summary>Its results hold NaN or infinity.</summary>
    NotFinite,

    /// <summary>It computes some chunks and then no more, while it still says what it is at.</summary>
    HangsAtChunks,

    /// <summary>It never comes to a replica, while it still says what it is at.</summary>
    HangsPreparing,

    /// <summary>It says that the job cannot be computed.</summary>
    Refuses,

    /// <summary>It has no room for a replica.</summary>
    NoRoom,

    /// <summary>It fails at each chunk, at once.</summary>
    FailsFast,

    /// <summary>It fails at each chunk, after long.</summary>
    FailsLate,

    /// <summary>It says of each chunk that it fails everywhere.</summary>
    FailsForGood,

    /// <summary>It dies with each chunk that it is given, and is started again.</summary>
    CrashesAtChunks,

    /// <summary>It dies while it prepares, and is started again.</summary>
    CrashesPreparing,

    /// <summary>It is not the kind of device that it says: its last bits are others.</summary>
    LiesAboutItsKind,

    /// <summary>Its replica is of other weights.</summary>
    OtherReplica,
}

/// <summary>Workers' ways.</summary>
internal static class Conducts
{
    /// <summary>Those that are not as they should be.</summary>
    public static IReadOnlyList<Conduct> Bad { get; } = [.. Enum.GetValues<Conduct>().Where(conduct => conduct > Conduct.Slow)];

    /// <summary>What single precision adds to each probe.</summary>
    public const double Rounding = 0.001;

    /// <summary>What such a worker's replicas are made by.</summary>
    /// <param name="conduct">How it behaves.</param>
    /// <param name="fails">Whether a computation fails by chance.</param>
    /// <param name="begins">Is called when a chunk is begun; null for nothing.</param>
    public static FakeReplicaFactory Replicas(Conduct conduct, Func<bool> fails, Action? begins = null)
    {
        bool warmsUp = false;
        return new FakeReplicaFactory
        {
            Kind = "fake",
            BasisCount = 50,
            Sha256 = conduct == Conduct.OtherReplica ? "beef" : "00ff",
            OnCreate = _ =>
            {
                if (conduct == Conduct.NoRoom) throw new IOException("No space left on device");
            },
            OnCheck = () =>
            {
                if (conduct == Conduct.Refuses) throw new CurvatureException("The loss differs from one evaluation to the next.");
            },
            Rounding = Rounding,
            OnWarmUp = () => warmsUp = true,
            OnEvaluate = (_, _, _) =>
            {
                if (warmsUp) return;
                begins?.Invoke();
                if (conduct is Conduct.FailsFast or Conduct.FailsLate || fails()) throw new InvalidOperationException("The device is gone.");
                if (conduct == Conduct.FailsForGood) throw new CurvatureException("The quadratic form of a probe is NaN.");
            },
            Changed = values =>
            {
                bool warmUp = warmsUp;
                warmsUp = false;
                double[] changed = values.Values.ToArray();
                switch (conduct)
                {
                    case Conduct.LiesAboutItsKind:
                        changed[^1] = Math.BitIncrement(changed[^1]);
                        break;
                    case Conduct.NotFinite when !warmUp:
                        changed[changed.Length / 2] = values.FirstProbe % 2 == 0 ? double.NaN : double.PositiveInfinity;
                        break;
                    case Conduct.WrongShape when !warmUp:
                        changed = changed[..^values.Columns];
                        break;
                    default:
                        return values;
                }

                return new ProbeValues(values.FirstProbe, values.Columns, changed);
            },
        };
    }
}
