using System.Text.RegularExpressions;

namespace ActorHutch.Coordinator.Tests;

/// <summary>
/// The folders of a project are its rooms: what a room needs may not need that room. A room needs another where a file of it
/// has a using of the other's namespace (one that is not needed is an error of the build), or names a type of a room around it.
/// </summary>
public sealed partial class RoomsTests
{
    [Theory, InlineData("Curvature"), InlineData("Shared"), InlineData("GpuWorker"), InlineData("Coordinator")]
    public void No_two_folders_of_a_project_need_each_other(string project)
    {
        var needs = Needs(project);
        Assert.True(needs.Count > 3, $"{project} has no folders.");

        // Rooms that need none of those left go first; what cannot go is a circle.
        while (needs.Keys.FirstOrDefault(room => !needs[room].Keys.Any(needs.ContainsKey)) is { } done) needs.Remove(done);

        Assert.True(needs.Count == 0, string.Join("\n", needs.SelectMany(room => room.Value
            .Where(needed => needs.ContainsKey(needed.Key)).Select(needed => $"{room.Key} needs {needed.Key} for {needed.Value}"))));
    }

    /// <summary>By room, the rooms it needs, and for what.</summary>
    private static Dictionary<string, Dictionary<string, string>> Needs(string project)
    {
        string root = Repository.File($"src/{project}");
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Room: Path.GetRelativePath(root, Path.GetDirectoryName(path)!).Replace('\\', '/'), Name: Path.GetFileName(path), Path: path))
            .Where(file => file.Room.Split('/')[0] is not ("obj" or "bin"))
            .Select(file => (file.Room, file.Name, Text: Comments().Replace(File.ReadAllText(file.Path), "")))
            .ToArray();
        var types = files.SelectMany(file => Declarations().Matches(file.Text).Select(match => (match.Groups[1].Value, file.Room))).ToLookup(type => type.Value, type => type.Room);

        var needs = files.Select(file => file.Room).Distinct().ToDictionary(room => room, _ => new Dictionary<string, string>());
        foreach (var file in files)
        {
            foreach (Match match in Usings(project).Matches(file.Text))
            {
                string needed = match.Groups[1].Value.Replace('.', '/');
                if (needs.ContainsKey(needed) && needed != file.Room) needs[file.Room].TryAdd(needed, file.Name);
            }

            foreach (string word in Words().Matches(file.Text).Select(match => match.Value).Distinct())
            {
                foreach (string around in types[word].Where(room => room == "." ? file.Room != "." : file.Room.StartsWith(room + "/", StringComparison.Ordinal)))
                {
                    // A type of that name in the file's own room is nearer.
                    if (!types[word].Contains(file.Room)) needs[file.Room].TryAdd(around, $"{word} in {file.Name}");
                }
            }
        }

        return needs;
    }

    private static Regex Usings(string project) => new($@"^using (?:static )?ActorHutch\.{project}\.([\w.]+);", RegexOptions.Multiline);

    [GeneratedRegex(@"//.*|""(?:\\.|[^""\\\n])*""")]
    private static partial Regex Comments();

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum|delegate \S+)\s+([A-Z]\w+)")]
    private static partial Regex Declarations();

    [GeneratedRegex(@"(?<![.\w])[A-Z]\w+")]
    private static partial Regex Words();
}
