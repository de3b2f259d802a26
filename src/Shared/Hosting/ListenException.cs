using System.Net.Sockets;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Hosting;

/// <summary>An address that an option names cannot be listened on; the message says why and what would be right.</summary>
/// <param name="option">The option, without dashes.</param>
/// <param name="address">What it names.</param>
/// <param name="cause">What the system said.</param>
public sealed class ListenException(string option, HostPort address, Exception cause)
    : IOException(new Problem(option, address.ToString(), Right(address, cause)).ToString(), cause)
{
    private static string Right(HostPort address, Exception cause) => (cause as SocketException)?.SocketErrorCode switch
    {
        SocketError.AddressNotAvailable => "must be an address of this machine",
        SocketError.AccessDenied => "must be a port that this user may listen on: one from 1024 on",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"must be a name that can be looked up ({Text(cause)})",
        // Anything but a socket's own error is a server's that found the port taken since it was looked at.
        null or SocketError.AddressAlreadyInUse =>
            $"must be a free port, and {ListeningProcess.At(address)?.ToString() ?? "another process"} listens there: name another port, or end that process",
        _ => $"must be an address that can be listened on ({Text(cause)})",
    };

    private static string Text(Exception cause) => cause.Message.TrimEnd('.');
}
