using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Tests.Scheduling;

public class ChunkSetTests
{
    [Fact]
    public void Chunks_done_in_order_take_one_interval()
    {
        var set = Enumerable.Range(0, 1000).Aggregate(ChunkSet.Empty, (set, chunk) => set.Add(chunk));

        Assert.Equal((1000, 1), (set.Count, set.Intervals));
    }

    [Fact]
    public void A_chunk_that_fills_a_gap_joins_its_neighbours()
    {
        var set = ChunkSet.Empty.Add(1).Add(3);

        Assert.Equal(2, set.Intervals);
        Assert.Equal(1, set.Add(2).Intervals);
    }

    [Fact]
    public void A_chunk_is_in_it_once()
    {
        var set = ChunkSet.Empty.Add(4);

        Assert.Same(set, set.Add(4));
        Assert.Equal(1, set.Count);
    }

    [Fact]
    public void It_is_the_set_it_should_be_whatever_the_order()
    {
        var random = new Random(1);
        var reference = new HashSet<long>();
        var set = ChunkSet.Empty;
        for (int i = 0; i < 2000; i++)
        {
            long chunk = random.Next(500);
            reference.Add(chunk);
            set = set.Add(chunk);
            long probe = random.Next(500);
            Assert.Equal(reference.Contains(probe), set.Contains(probe));
        }

        Assert.Equal(reference.Count, set.Count);
        Assert.Equal(reference.Count(chunk => !reference.Contains(chunk + 1)), set.Intervals);
    }
}
