using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Tests;
using TorchSharp;

[assembly: AssemblyFixture(typeof(LibTorchFixture))]

namespace ActorHutch.Curvature.Tests;

/// <summary>Loads libtorch before the first test, and keeps every test to one thread: tests run side by side.</summary>
public sealed class LibTorchFixture
{
    public LibTorchFixture()
    {
        LibTorch.Load();
        torch.set_num_threads(1);
    }
}
