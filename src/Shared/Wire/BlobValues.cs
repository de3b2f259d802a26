using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Streams;
using Google.Protobuf;

namespace ActorHutch.Shared.Wire;

/// <summary>Values that are more than a message holds: one for each parameter. They travel as a blob, the same bytes as in a message.</summary>
public static class BlobValues
{
    /// <summary>Bytes that a value takes, and that everything else does.</summary>
    private const long BytesPerValue = 8, Others = 1024;

    /// <summary>The bytes.</summary>
    public static byte[] Write(ProbeValues values) => ProbeValuesFormat.Write(values).ToByteArray();

    /// <summary>Fetches values.</summary>
    /// <param name="source">Gives the blob.</param>
    /// <param name="blob">The blob.</param>
    /// <param name="most">How many values there can be: more are not taken.</param>
    /// <param name="materializer">Runs the stream.</param>
    /// <param name="progressed">Is called for each piece that comes, on any thread.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="BlobException">They cannot be had.</exception>
    public static async Task<ProbeValues> FetchAsync(
        ICanTell source, BlobReference blob, long most, IMaterializer materializer, Action progressed, CancellationToken cancellation)
    {
        byte[] bytes = await BlobReader.ReadAsync(source, blob, Others + BytesPerValue * most, materializer, progressed, cancellation).ConfigureAwait(false);
        try
        {
            return ProbeValuesFormat.Read(V1.ProbeValues.Parser.ParseFrom(bytes));
        }
        catch (Exception error) when (error is WireException or InvalidProtocolBufferException)
        {
            throw new BlobException($"Blob {blob.Id} holds no values: {error.Message}", error);
        }
    }
}
