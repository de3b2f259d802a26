using System.Globalization;
using System.Xml.Linq;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>A picture as SVG: a file of its own, or a part of a page.</summary>
internal sealed class SvgPicture
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private readonly XElement _root;
    private readonly string _name;

    private SvgPicture(XElement root, string name) => (_root, _name) = (root, name);

    /// <summary>The picture's shapes, as the drawing library wrote them, made fit for readers of all kinds.</summary>
    public static SvgPicture Of(Stream drawn, Picture picture)
    {
        var root = XDocument.Load(drawn).Root!;
        foreach (var text in root.Descendants(Svg + "text")) Simplify(text);
        Rename(root);
        root.SetAttributeValue("viewBox", string.Create(
            CultureInfo.InvariantCulture, $"0 0 {picture.Width} {picture.Height}"));
        root.SetAttributeValue("role", "img");
        root.AddFirst(
            new XElement(Svg + "title", $"{picture.Title}, {picture.Subtitle}"),
            new XElement(Svg + "desc", picture.Description));
        return new SvgPicture(root, picture.Name);
    }

    /// <summary>The document for a file of its own.</summary>
    public override string ToString() =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + _root.ToString(SaveOptions.DisableFormatting) + "\n";

    /// <summary>
    /// The element for a page: names that no other picture has, the page's colours, and no size but what there is room for.
    /// </summary>
    /// <param name="variables">The page's variables for colours; colours without one stay.</param>
    public string ToHtml(IReadOnlyDictionary<string, string> variables)
    {
        var root = new XElement(_root);
        root.SetAttributeValue("width", null);
        root.SetAttributeValue("height", null);
        root.SetAttributeValue("aria-labelledby", $"{_name}-title {_name}-desc");
        root.Element(Svg + "title")!.SetAttributeValue("id", $"{_name}-title");
        root.Element(Svg + "desc")!.SetAttributeValue("id", $"{_name}-desc");
        foreach (var attribute in root.DescendantsAndSelf().Attributes().ToArray())
        {
            if (attribute.IsNamespaceDeclaration) continue;
            attribute.Value = attribute.Name.LocalName switch
            {
                "id" when !attribute.Value.StartsWith(_name, StringComparison.Ordinal) => $"{_name}-{attribute.Value}",
                "fill" or "stroke" => Colored(attribute.Value, variables),
                _ => attribute.Value,
            };
            if (attribute.Value.Contains("url(#", StringComparison.Ordinal))
                attribute.Value = attribute.Value.Replace("url(#", $"url(#{_name}-", StringComparison.Ordinal);
        }

        // A page of HTML knows the name space.
        foreach (var element in root.DescendantsAndSelf())
        {
            element.Name = element.Name.LocalName;
            element.Attributes().Where(attribute => attribute.IsNamespaceDeclaration).Remove();
        }

        return root.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>
    /// Names that count from one: the drawing library's go on from picture to picture, and the same picture must be the
    /// same file.
    /// </summary>
    private static void Rename(XElement root)
    {
        var names = new Dictionary<string, string>();
        foreach (var id in root.Descendants().Attributes("id"))
        {
            names.Add(id.Value, string.Create(CultureInfo.InvariantCulture, $"c{names.Count + 1}"));
            id.Value = names[id.Value];
        }

        foreach (var attribute in root.Descendants().Attributes().Where(attribute => attribute.Value.StartsWith("url(#", StringComparison.Ordinal)))
            attribute.Value = $"url(#{names[attribute.Value[5..^1]]})";
    }

    /// <summary>
    /// A position for each glyph becomes one for the text and its width: in another typeface its letters then keep their
    /// own spacing, and the text its place.
    /// </summary>
    private static void Simplify(XElement text)
    {
        if (text.Attribute("x") is not { } x) return;
        string content = text.Value.Trim();
        text.Value = content;
        text.SetAttributeValue("font-family", PictureFont.Fallbacks);
        float size = float.Parse(text.Attribute("font-size")!.Value, CultureInfo.InvariantCulture);
        bool bold = text.Attribute("font-weight")?.Value is { } weight && weight is not ("400" or "normal");
        using var font = PictureFont.Of(bold ? PictureFont.SemiBold : PictureFont.Regular, size);
        x.Value = First(x.Value);
        if (text.Attribute("y") is { } y) y.Value = First(y.Value);
        if (bold) text.SetAttributeValue("font-weight", "600");
        if (content.Length < 2) return;
        text.SetAttributeValue("textLength", font.MeasureText(content).ToString("0.##", CultureInfo.InvariantCulture));
        text.SetAttributeValue("lengthAdjust", "spacingAndGlyphs");
    }

    private static string First(string positions) =>
        positions.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)[0];

    private static string Colored(string value, IReadOnlyDictionary<string, string> variables)
    {
        if (value == "none" || value.StartsWith("url", StringComparison.Ordinal)) return value;
        string hex = Normal(value);
        return variables.TryGetValue(hex, out string? variable) ? $"var(--{variable})" : value;
    }

    /// <summary>A colour as #RRGGBB.</summary>
    private static string Normal(string value) => value switch
    {
        "white" => "#FFFFFF",
        "black" => "#000000",
        _ => value.StartsWith("rgb(", StringComparison.Ordinal)
            ? "#" + string.Concat(value[4..^1].Split(',').Select(part =>
                int.Parse(part, CultureInfo.InvariantCulture).ToString("X2", CultureInfo.InvariantCulture)))
            : value.ToUpperInvariant(),
    };
}
