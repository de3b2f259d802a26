using ActorHutch.Coordinator.Journal;
using Akka.Actor;

namespace ActorHutch.Coordinator.Tests.Journal;

public class WriteAheadTests
{
    private readonly List<string> _performed = [];
    private readonly WriteAhead _ahead = new(ActorRefs.Nobody);

    [Fact]
    public void Without_anything_to_write_nothing_waits()
    {
        Perform("now");

        Assert.Equal(["now"], _performed);
    }

    [Fact]
    public void What_follows_a_write_waits_for_it_and_keeps_its_order()
    {
        _ahead.Write("first");
        Perform("after first");
        _ahead.Write("second");
        Perform("after second");
        Perform("last");
        Assert.Empty(_performed);

        _ahead.OnWritten(1);
        Assert.Equal(["after first"], _performed);

        _ahead.OnWritten(1);
        Assert.Equal(["after first", "after second", "last"], _performed);
    }

    [Fact]
    public void What_a_held_action_leads_to_follows_it()
    {
        _ahead.Write("first");
        _ahead.Afterwards(() => Perform("the effect of the first"));
        Perform("second");

        _ahead.OnWritten(1);

        Assert.Equal(["second", "the effect of the first"], _performed);
    }

    [Fact]
    public void What_was_never_written_never_happened()
    {
        _ahead.Write("first");
        Perform("after first");

        _ahead.Abandon();
        Perform("the end");

        Assert.Equal(["the end"], _performed);
    }

    private void Perform(string what) => _ahead.Afterwards(() => _performed.Add(what));
}
