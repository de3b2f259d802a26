using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Data.Formats;
using ActorHutch.Curvature.Estimation;

namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>Vectors of all parameters as safetensors: under each parameter's name, one row a vector, in double precision.</summary>
internal static class VectorsFile
{
    /// <summary>The file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="result">The job, whose replica has the parameters' names and shapes.</param>
    /// <param name="vectors">Entries of one parameter after another.</param>
    public static ReportFile Of(string name, JobResult result, IReadOnlyList<double[]> vectors) => Of(name, result, vectors, [vectors.Count]);

    /// <summary>The files of a diagonal: its entries, in each parameter's own shape, and their standard errors where there are any.</summary>
    public static IEnumerable<ReportFile> OfDiagonal(JobResult result, DiagonalEstimate diagonal, bool isExact)
    {
        yield return Of("diagonal.safetensors", result, [diagonal.Values()], []);
        if (!isExact) yield return Of("standard-errors.safetensors", result, [diagonal.StandardErrors()], []);
    }

    private static ReportFile Of(string name, JobResult result, IReadOnlyList<double[]> vectors, long[] leading)
    {
        var replica = result.State.Replica!;
        var arrays = new List<SafetensorsWriter.Array>();
        int offset = 0;
        foreach (var (block, shape) in replica.Blocks.Zip(replica.Shapes))
        {
            int size = (int)shape.Aggregate(1L, (product, length) => product * length), start = offset;
            arrays.Add(new(block, [.. leading, .. shape], vectors.Select(vector => (ReadOnlyMemory<double>)vector.AsMemory(start, size))));
            offset += size;
        }

        return new ReportFile(name, stream => SafetensorsWriter.Write(stream, arrays));
    }
}
