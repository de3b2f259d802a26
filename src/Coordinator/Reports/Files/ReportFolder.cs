namespace ActorHutch.Coordinator.Reports.Files;

/// <summary>A file that a report consists of.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Write">Writes what is in it.</param>
internal sealed record ReportFile(string Name, Action<Stream> Write)
{
    /// <summary>A file with a text in it.</summary>
    public static ReportFile OfText(string name, string text) => OfBytes(name, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A file with bytes in it.</summary>
    public static ReportFile OfBytes(string name, byte[] bytes) => new(name, stream => stream.Write(bytes));
}

/// <summary>The folder cannot be made, or not be written to.</summary>
internal sealed class ReportFolderException(string message) : Exception(message);

/// <summary>
/// The folder of <c>--out</c>. Its files come all at once or, where the disk is full, not at all; what else is in it stays.
/// </summary>
internal sealed class ReportFolder
{
    private readonly string _path;

    private ReportFolder(string path) => _path = path;

    /// <summary>A file in it, as a person would name it.</summary>
    public string this[string name] => Path.Combine(_path, name);

    /// <summary>Makes the folder where it is not there, and sees that it can be written to.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="ReportFolderException">It cannot.</exception>
    public static ReportFolder Open(string path, string option = "out")
    {
        try
        {
            Directory.CreateDirectory(path);
            string trial = Path.Combine(path, TemporaryName("trial"));
            using (File.Create(trial, 1, FileOptions.DeleteOnClose)) return new ReportFolder(path);
        }
        catch (Exception error) when (IsOfTheDisk(error))
        {
            throw new ReportFolderException($"--{option} {path}: must be a folder that can be written to: {error.Message}");
        }
    }

    /// <summary>Writes the files, over those of the same names that are there.</summary>
    /// <exception cref="IOException">It cannot; then the files that were there are there still.</exception>
    public void Write(IReadOnlyList<ReportFile> files)
    {
        var written = new List<(string Temporary, string Final)>();
        try
        {
            foreach (var file in files)
            {
                string temporary = Path.Combine(_path, TemporaryName(file.Name));
                written.Add((temporary, Path.Combine(_path, file.Name)));
                using var stream = File.Create(temporary);
                file.Write(stream);
            }

            foreach (var (temporary, final) in written) File.Move(temporary, final, overwrite: true);
        }
        catch (Exception error) when (IsOfTheDisk(error))
        {
            foreach (var (temporary, _) in written) TryDelete(temporary);
            throw new IOException($"The report could not be written to {_path}: {error.Message}", error);
        }
    }

    private static string TemporaryName(string name) => $".{name}.{Guid.NewGuid():N}.tmp";

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (IsOfTheDisk(error))
        {
            // The disk is at fault already, and says so.
        }
    }

    private static bool IsOfTheDisk(Exception error) =>
        error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
