using System.Reflection;
using System.Runtime.Loader;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Risks;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>Loads factories from assemblies on this machine's disk, each content once a process.</summary>
internal static class AssemblyModels
{
    private static readonly Dictionary<string, Assembly> Loaded = [];
    private static readonly Lock Gate = new();

    /// <summary>Makes a factory.</summary>
    /// <param name="file">The assembly.</param>
    /// <param name="name">The class, with its namespace.</param>
    /// <returns>An <see cref="IModelFactory"/> or an <see cref="IRiskFactory"/>.</returns>
    /// <exception cref="CurvatureException">There is none; the message says why.</exception>
    public static object Factory(HashedFile file, string name)
    {
        var assembly = Load(file);
        var type = assembly.GetType(name) ?? throw new CurvatureException(
            $"{Path.GetFileName(file.Path)} has no class {name}: name it with its namespace. It has {Factories(assembly)}.");
        if (!IsFactory(type))
        {
            throw new CurvatureException(
                $"{name} is no factory: it must be a public class with a constructor without parameters, and an "
                + $"{nameof(IModelFactory)} or an {nameof(IRiskFactory)}.");
        }

        try
        {
            return Activator.CreateInstance(type)!;
        }
        catch (TargetInvocationException error)
        {
            throw new CurvatureException($"{name} cannot be made: {error.InnerException?.Message}", error);
        }
    }

    /// <summary>Loads the bytes that were held against their hash, and not what is at the path by now.</summary>
    private static Assembly Load(HashedFile file)
    {
        lock (Gate)
        {
            if (Loaded.TryGetValue(file.Content.Sha256, out var loaded)) return loaded;
            try
            {
                using var content = file.OpenRead();
                return Loaded[file.Content.Sha256] = new Neighbours(file.Path).LoadFromStream(content);
            }
            catch (Exception error) when (error is BadImageFormatException or IOException)
            {
                throw new CurvatureException($"{Path.GetFileName(file.Path)} is no .NET assembly that can be loaded: {error.Message}", error);
            }
        }
    }

    private static string Factories(Assembly assembly)
    {
        string[] names = [.. assembly.GetExportedTypes().Where(IsFactory).Select(type => type.FullName!)];
        return names.Length == 0 ? "no factories" : string.Join(", ", names);
    }

    private static bool IsFactory(Type type) => type is { IsClass: true, IsAbstract: false, IsVisible: true }
        && (typeof(IModelFactory).IsAssignableFrom(type) || typeof(IRiskFactory).IsAssignableFrom(type))
        && type.GetConstructor(Type.EmptyTypes) is not null;

    /// <summary>Finds what an assembly needs beside it, and what this program has in this program: its types are the same.</summary>
    private sealed class Neighbours(string path) : AssemblyLoadContext(Path.GetFileName(path))
    {
        private readonly AssemblyDependencyResolver _resolver = new(Path.GetFullPath(path));

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            try
            {
                return Default.LoadFromAssemblyName(assemblyName);
            }
            catch (FileNotFoundException)
            {
                return _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
            }
        }
    }
}
