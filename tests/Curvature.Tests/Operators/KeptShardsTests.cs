using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Which shards are kept where not all of them fit.</summary>
public sealed class KeptShardsTests
{
    private const int Shards = 5;

    /// <summary>Shards in turns: of a room for three, two or more are there when their turn comes again. The one used longest ago would never be.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 2)]
    [InlineData(5, 5)]
    public void Of_shards_in_turns_those_are_kept_that_fit(int room, int fewestKept)
    {
        using var scope = NewDisposeScope();
        using var kept = new Kept(room);
        const int turns = 6;
        for (int turn = 0; turn < turns; turn++)
        {
            for (int shard = 0; shard < Shards; shard++) kept.Use(shard);
        }

        Assert.True(kept.MostAtOnce <= room, $"{kept.MostAtOnce} were there at once.");
        Assert.True(kept.Made <= Shards + (turns - 1) * (Shards - fewestKept) + 1, $"{kept.Made} were made.");
    }

    /// <summary>A shard that another worker has from now on does not stay for ever.</summary>
    [Fact]
    public void A_shard_without_a_turn_goes()
    {
        using var scope = NewDisposeScope();
        using var kept = new Kept(room: 2);
        kept.Use(0);
        for (int turn = 0; turn < 20; turn++)
        {
            kept.Use(1);
            kept.Use(2);
        }

        // Its own, and those until the first had missed two turns of all three.
        Assert.InRange(kept.Made, 3, 12);
        int before = kept.Made;
        kept.Use(1);
        kept.Use(2);
        Assert.Equal(before, kept.Made);
    }

    private sealed class Kept : IDisposable
    {
        private const long Bytes = 100;

        private readonly Problem _problem;
        private readonly ShardedRisk _risk;
        private readonly ShardedForm _form;
        private int _there;

        public Kept(int room)
        {
            var numbers = new Numbers(1);
            _problem = new Problem(Problem.Prepared(Linear(3, 2), numbers), new CrossEntropy(), numbers.Normal(2 * Shards, 3), numbers.Classes(2, 2 * Shards));
            _risk = new ShardedRisk(_problem.Risk.Model, _problem.Risk.Loss, new TensorSamples(_problem.Risk.Inputs, _problem.Risk.Targets), 2);
            _form = new ShardedForm(_risk, _ => new Form(this), 2, room * Bytes);
            _form.Dispose();
            Made = 0;
        }

        public int Made { get; private set; }

        public int MostAtOnce { get; private set; }

        public void Use(int shard) => _form.Evaluate(_risk.Shards.Of(0, 1, shard), keeps: true);

        public void Dispose()
        {
            _form.Dispose();
            _risk.Dispose();
            _problem.Dispose();
            Assert.Equal(0, _there);
        }

        private sealed class Form : IQuadraticForm
        {
            private readonly Kept _kept;

            public Form(Kept kept)
            {
                _kept = kept;
                kept.Made++;
                kept.MostAtOnce = Math.Max(kept.MostAtOnce, ++kept._there);
            }

            public CurvatureMethod Method => CurvatureMethod.Quadratic;

            public string MethodReason => "a test";

            public IReadOnlyList<string> Blocks => ["one"];

            public long BasisCount => 1;

            public long KeptBytes => Bytes;

            public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default) => new(firstProbe, 1, new double[count]);

            public void Dispose() => _kept._there--;
        }
    }
}
