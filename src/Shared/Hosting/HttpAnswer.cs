using System.Text;
using Microsoft.AspNetCore.Http;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// Answers of an <see cref="HttpEndpoint"/>. Routes that return what is to be told are compiled when the server starts,
/// for a tenth of a second of a processor; these are not.
/// </summary>
public static class HttpAnswer
{
    /// <summary>Answers with a text.</summary>
    public static Task TellAsync(this HttpResponse response, string text, string type = "text/plain; charset=utf-8") =>
        response.TellAsync(Encoding.UTF8.GetBytes(text), type);

    /// <summary>Answers with bytes.</summary>
    public static Task TellAsync(this HttpResponse response, ReadOnlyMemory<byte> bytes, string type)
    {
        ArgumentNullException.ThrowIfNull(response);
        response.ContentType = type;
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes).AsTask();
    }
}
