using System.Text;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Shared.Tests.Wire;

public sealed class ProtocolSerializerTests(Serializing wire) : IClassFixture<Serializing>
{
    private static readonly Guid Run = new("00112233-4455-6677-8899-aabbccddeeff");

    public static TheoryData<Type> Messages { get; } = [.. Serializing.MessageTypes];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_message_comes_back_bit_for_bit(Type type)
    {
        var random = new RandomMessages(seed: 1);
        for (int i = 0; i < 500; i++)
        {
            object message = random.Of(type);

            byte[] bytes = wire.Write(message, out string manifest);

            Assert.Null(RandomMessages.Difference(message, wire.Read(bytes, manifest), type.Name));
        }
    }

    [Fact]
    public void Manifests_are_short_and_all_different()
    {
        var random = new RandomMessages(seed: 2);
        var manifests = Serializing.MessageTypes.Select(type => { wire.Write(random.Of(type), out string name); return name; }).ToList();

        Assert.All(manifests, manifest => Assert.InRange(manifest.Length, 1, 4));
        Assert.Equal(manifests.Count, manifests.Distinct().Count());
    }

    [Fact]
    public void Exceptions_for_people_are_cut_where_they_would_fill_a_frame()
    {
        string text = new string('x', 15_998) + "🎲" + new string('y', 200_000);

        byte[] bytes = wire.Write(new ChunkFailed(Run, 1, 1, text, true), out string manifest);

        var read = (ChunkFailed)wire.Read(bytes, manifest);
        Assert.Equal(new string('x', 15_998) + "…", read.What);
    }

    [Fact]
    public void A_message_that_does_not_fit_a_frame_is_an_error_where_it_is_sent()
    {
        var done = new ChunkDone(Run, 1, 1, new ProbeValues(0, 1, new double[WireFrame.MaxMessageBytes / 8]), 1, 1);

        var error = Assert.Throws<WireException>(() => wire.Write(done, out _));

        Assert.Contains("ChunkDone", error.Message, StringComparison.Ordinal);
        Assert.Contains("124,000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_most_values_that_a_chunk_may_have_do_fit()
    {
        double[] values = [.. Enumerable.Repeat(Math.PI, WireFrame.MaxValues)];
        var done = new ChunkDone(Run, long.MaxValue, int.MaxValue, new ProbeValues(long.MaxValue, 1, values), 1e300, 1e300);

        Assert.InRange(wire.Write(done, out _).Length, 8 * WireFrame.MaxValues, WireFrame.MaxMessageBytes);
    }

    [Fact]
    public void A_word_that_this_release_does_not_know_is_named()
    {
        byte[] bytes = wire.Write(new PrepareReplica(Run, new JobSpec()), out string manifest);
        int word = Encoding.Latin1.GetString(bytes).IndexOf("hessian", StringComparison.Ordinal);
        "fischer"u8.CopyTo(bytes.AsSpan(word));

        var error = Assert.Throws<WireException>(() => wire.Read(bytes, manifest));

        Assert.Contains("'fischer' is no CurvatureMatrix", error.Message, StringComparison.Ordinal);
        Assert.Contains("must be hessian or ggn", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_has_no_name_is_not_sent()
    {
        var message = new PrepareReplica(Run, new JobSpec { Dtype = (Dtype)7 });

        Assert.Contains("7 is no Dtype", Assert.Throws<WireException>(() => wire.Write(message, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_a_later_release_are_skipped()
    {
        byte[] bytes = [.. wire.Write(new EndJob(Run), out string manifest), 0xfa, 0x3e, 3, 1, 2, 3];

        Assert.Equal(new EndJob(Run), wire.Read(bytes, manifest));
    }

    [Fact]
    public void A_worker_that_says_no_version_speaks_version_0()
    {
        byte[] bytes = wire.Write(new RegisterWorker("w", 1, "cpu", null, 1) { Protocol = 0 }, out string manifest);

        Assert.DoesNotContain(new byte[] { 0x30 }, bytes.Chunk(1));
        Assert.Equal(0, ((RegisterWorker)wire.Read(bytes, manifest)).Protocol);
    }
}
