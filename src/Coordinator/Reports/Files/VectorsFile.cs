using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Data.Formats;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Vectors of all parameters as safetensors: under each parameter's name, one row a vector, in double precision.</summary>
internal static class VectorsFile
{
    /// <summary>The file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="result">The job, whose replica has the parameters' names and shapes.</param>
    /// <param name="vectors">Entries of one parameter after another.</param>
    public static ReportFile Of(string name, JobResult result, IReadOnlyList<double[]> vectors)
    {
        var replica = result.State.Replica!;
        var arrays = new List<SafetensorsWriter.Array>();
        int offset = 0;
        foreach (var (block, shape) in replica.Blocks.Zip(replica.Shapes))
        {
            int size = (int)shape.Aggregate(1L, (product, length) => product * length), start = offset;
            arrays.Add(new(block, [vectors.Count, .. shape], vectors.Select(vector => (ReadOnlyMemory<double>)vector.AsMemory(start, size))));
            offset += size;
        }

        return new ReportFile(name, stream => SafetensorsWriter.Write(stream, arrays));
    }
}
