using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;

namespace ActorHutch.Coordinator.Tests;

/// <summary>The licences of what the program brings along.</summary>
public sealed class LicenceTests
{
    private const string Head = "| licence | packages |\n|---|---|\n";

    private static string Packages { get; } =
        typeof(LicenceTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "packages").Value!;

    [Fact]
    public void The_table_of_packages_is_what_they_say_of_themselves()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The table is of the program on Linux.");
        using var dependencies = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "actorhutch.deps.json")));
        var rows = from library in dependencies.RootElement.GetProperty("libraries").EnumerateObject()
                   where library.Value.GetProperty("type").GetString() == "package"
                   group library.Name.Split('/')[0] by Licence(library.Value.GetProperty("path").GetString()!) into packages
                   orderby packages.Key
                   select $"| {packages.Key} | {string.Join(", ", packages.Order(StringComparer.OrdinalIgnoreCase))} |\n";
        string table = Head + string.Concat(rows);
        string path = Repository.File("THIRD-PARTY.md"), text = File.ReadAllText(path);
        // To write it anew: ACTORHUTCH_WRITE_SCHEMAS=1 dotnet test
        if (Environment.GetEnvironmentVariable("ACTORHUTCH_WRITE_SCHEMAS") == "1")
        {
            int start = text.IndexOf(Head, StringComparison.Ordinal), end = text.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
            File.WriteAllText(path, text = text[..start] + table + text[end..]);
        }

        Assert.Contains($"\n{table}\n", text, StringComparison.Ordinal);
    }

    /// <summary>The licence that a package names, or that its own text begins with.</summary>
    private static string Licence(string package)
    {
        string folder = Path.Combine(Packages, package);
        var licence = XDocument.Load(Assert.Single(Directory.GetFiles(folder, "*.nuspec"))).Descendants().Single(element => element.Name.LocalName == "license");
        return licence.Attribute("type")!.Value == "expression" ? licence.Value : File.ReadLines(Path.Combine(folder, licence.Value)).First().Trim();
    }
}
