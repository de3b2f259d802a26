using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Which chunk goes out next, and to whom.</summary>
public class FreshChunksTests
{
    [Theory]
    [InlineData(1, 7)]
    [InlineData(5, 1)]
    [InlineData(4, 6)]
    [InlineData(60, 1)]
    [InlineData(40, 2)]
    public void Every_chunk_is_issued_once_whoever_asks(long shards, long ranges)
    {
        var grid = Grid(shards, ranges);
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            // What was issued before, as far as a number.
            long end = random.Next((int)grid.Count + 1);
            var fresh = FreshChunks.From(grid, end);
            var issued = Enumerable.Range(0, (int)end).Select(chunk => (long)chunk).ToHashSet();
            while (fresh.AnyBefore(long.MaxValue))
            {
                Assert.All(Enumerable.Range(0, (int)grid.Count), chunk => Assert.Equal(issued.Contains(chunk), fresh.WasIssued(chunk)));
                if (random.Next(5) == 0) fresh = fresh.Without(Worker(random.Next(3)));
                (long chunk, fresh) = fresh.Take(Worker(random.Next(3)), long.MaxValue);
                Assert.True(issued.Add(chunk));
            }

            Assert.Equal(grid.Count, issued.Count);
            Assert.False(fresh.WasIssued(grid.Count));
            Assert.False(fresh.WasIssued(-1));
        }
    }

    [Fact]
    public void A_worker_keeps_its_shards_and_none_gets_far_ahead()
    {
        var fresh = FreshChunks.From(Grid(4, 10));
        var of = new Dictionary<(WorkerKey, long Shard), int>();
        var next = new long[4];
        while (fresh.AnyBefore(long.MaxValue))
        {
            // As fast as each other, not always in turns.
            foreach (var worker in new[] { A, B, B, A })
            {
                if (!fresh.AnyBefore(long.MaxValue)) break;
                (long chunk, fresh) = fresh.Take(worker, long.MaxValue);
                of[(worker, chunk % 4)] = of.GetValueOrDefault((worker, chunk % 4)) + 1;
                Assert.Equal(next[chunk % 4]++, chunk / 4);
                Assert.InRange(next.Max() - next.Min(), 0, 2);
            }
        }

        Assert.Equal(4, of.Count);
        Assert.All(of.Values, count => Assert.Equal(10, count));
    }

    [Fact]
    public void Whoever_is_slow_is_helped_and_keeps_what_it_has()
    {
        var fresh = FreshChunks.From(Grid(2, 6));
        var chunks = new List<(WorkerKey Worker, long Chunk)>();
        foreach (var worker in new[] { A, B, B, B, B, B, B, B, B, B, B, A })
        {
            (long chunk, fresh) = fresh.Take(worker, long.MaxValue);
            chunks.Add((worker, chunk));
        }

        Assert.False(fresh.AnyBefore(long.MaxValue));
        Assert.Equal(12, chunks.Select(one => one.Chunk).Distinct().Count());
        // B's own shard is not more than one range ahead of A's.
        Assert.Equal([1, 3, 5, 2, 7], chunks.Skip(1).Take(5).Select(one => one.Chunk));
    }

    [Fact]
    public void A_shard_of_a_worker_that_is_gone_is_anothers()
    {
        var fresh = FreshChunks.From(Grid(2, 3));
        (_, fresh) = fresh.Take(A, long.MaxValue);
        (_, fresh) = fresh.Take(B, long.MaxValue);
        fresh = fresh.Without(A);

        var issued = new List<long>();
        while (fresh.AnyBefore(long.MaxValue))
        {
            (long chunk, fresh) = fresh.Take(B, long.MaxValue);
            issued.Add(chunk);
        }

        Assert.Equal([3, 5, 2, 4], issued);
    }

    /// <summary>As where a range's vectors are known once all chunks of the one before are done.</summary>
    [Theory]
    [InlineData(1, 7)]
    [InlineData(4, 6)]
    [InlineData(40, 2)]
    public void Only_ranges_that_are_released_go_out_and_all_of_them(long shards, long ranges)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            long before = random.Next((int)(shards * ranges) + 1);
            var fresh = FreshChunks.From(Grid(shards, ranges), before);
            var issued = Enumerable.Range(0, (int)before).Select(chunk => (long)chunk).ToHashSet();
            for (long released = before / shards + 1; released <= ranges; released++)
            {
                while (fresh.AnyBefore(released))
                {
                    if (random.Next(5) == 0) fresh = fresh.Without(Worker(random.Next(3)));
                    (long chunk, fresh) = fresh.Take(Worker(random.Next(3)), released);
                    Assert.InRange(chunk, 0, released * shards - 1);
                    Assert.True(issued.Add(chunk));
                }

                Assert.Equal(released * shards, issued.Count);
            }

            Assert.False(fresh.AnyBefore(long.MaxValue));
        }
    }

    [Fact]
    public void Nothing_goes_out_before_anything_is_released() => Assert.False(FreshChunks.From(Grid(2, 2)).AnyBefore(0));

    private static WorkGrid Grid(long shards, long ranges) => new(ranges * 10 - 3, 10, shards * 100 - 1, 100);

    private static WorkerKey Worker(int number) => number == 0 ? A : number == 1 ? B : new WorkerKey("c", 1);
}
