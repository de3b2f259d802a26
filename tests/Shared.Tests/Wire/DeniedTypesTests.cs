using System.Runtime.Serialization;
using System.Text;
using ActorHutch.Shared.Wire;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Wire;

public sealed class DeniedTypesTests(Serializing wire) : IClassFixture<Serializing>
{
    private sealed record Unregistered(string Text);

    [Fact]
    public void A_type_that_is_no_message_is_not_sent() =>
        Assert.ThrowsAny<SerializationException>(
            () => wire.Serialization.FindSerializerFor(new Unregistered("x")).ToBinary(new Unregistered("x")));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(36)]
    public void What_makes_objects_of_any_type_is_not_read(int serializer)
    {
        string manifest = typeof(Unregistered).AssemblyQualifiedName!;

        var error = Assert.Throws<WireException>(() => wire.Serialization.Deserialize(
            Encoding.UTF8.GetBytes("""{"Text":"x"}"""), serializer, manifest));

        Assert.Contains($"serializer {serializer} is not read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_makes_objects_of_any_type_is_not_written()
    {
        var error = Assert.Throws<WireException>(() =>
            wire.Serialization.FindSerializerForType(typeof(Google.Protobuf.IMessage)).ToBinary(new object()));

        Assert.Contains("System.Object does not travel", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, "STF")]
    [InlineData(16, "CF")]
    [InlineData(16, "PP")]
    [InlineData(22, "Akka.Dispatch.SysMsg.Failed, Akka")]
    [InlineData(22, "Akka.Dispatch.SysMsg.Create, Akka")]
    [InlineData(22, "Akka.Dispatch.SysMsg.Terminate, Akka")]
    public void Akkas_messages_that_a_cluster_does_not_need_are_not_read(int serializer, string manifest)
    {
        var error = Assert.Throws<WireException>(() => wire.Serialization.Deserialize([], serializer, manifest));

        Assert.Contains($"'{manifest}' of serializer {serializer} is not read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_is_not_sent_with_its_exception()
    {
        var failure = new Status.Failure(new InvalidOperationException("x"));

        var error = Assert.Throws<WireException>(() => wire.Serialization.FindSerializerFor(failure).ToBinary(failure));

        Assert.Contains("Status+Failure does not travel", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(Identify), 16)]
    [InlineData(typeof(ActorSelectionMessage), 6)]
    [InlineData(typeof(byte[]), 4)]
    public void What_Akka_itself_needs_travels(Type type, int serializer) =>
        Assert.Equal(serializer, wire.Serialization.FindSerializerForType(type).Identifier);

    [Fact]
    public void No_other_serializer_is_there()
    {
        // A serializer that an update of Akka adds has to be looked at: does it make objects of any type?
        int[] known = [0, 4, 5, 6, 16, 17, 22, 30, ProtocolSerializer.Number];
        int[] denied = [1, 2, 3, 36];

        Assert.Equal(known.Union(denied).Order(), Enumerable.Range(-100, 10_000).Where(IsThere));
    }

    private bool IsThere(int number)
    {
        try
        {
            wire.Serialization.Deserialize([], number, "");
            return true;
        }
        catch (Exception error)
        {
            return !error.Message.Contains("Cannot find serializer", StringComparison.Ordinal);
        }
    }
}
