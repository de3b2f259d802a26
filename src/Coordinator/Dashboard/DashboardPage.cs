using System.Security.Cryptography;
using System.Text;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>The page: one document with its style and script in it, which asks for nothing but the job's events.</summary>
internal static class DashboardPage
{
    /// <summary>The document, in UTF-8.</summary>
    public static byte[] Document { get; }

    /// <summary>What a browser may do with it: run this script, use this style, and connect to where it came from.</summary>
    public static string ContentSecurityPolicy { get; }

    static DashboardPage()
    {
        string style = Resource("page.css"), script = Resource("page.chart.js") + Resource("page.js");
        Document = Encoding.UTF8.GetBytes(Resource("page.html")
            .Replace("/*style*/", style, StringComparison.Ordinal)
            .Replace("/*script*/", script, StringComparison.Ordinal));
        ContentSecurityPolicy =
            $"default-src 'none'; script-src '{Hash(script)}'; style-src '{Hash(style)}'; img-src data:; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    private static string Resource(string name)
    {
        using var stream = typeof(DashboardPage).Assembly.GetManifestResourceStream($"dashboard/{name}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
