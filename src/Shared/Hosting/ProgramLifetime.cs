using Microsoft.Extensions.Hosting;

namespace ActorHutch.Shared.Hosting;

/// <summary>
/// A server's host lives as long as the command that started it: signals are the program's business, which must tell the user
/// what was computed before anything is torn down.
/// </summary>
internal sealed class ProgramLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
