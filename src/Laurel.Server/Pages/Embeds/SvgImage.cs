using System.Globalization;
using System.Text;
using System.Xml;

namespace Laurel.Server.Pages;

/// <summary>Writes an SVG: an XML writer escapes, so that no text becomes markup. It refers to nothing outside itself.</summary>
internal sealed class SvgImage : IDisposable
{
    private const string Svg = "http://www.w3.org/2000/svg";
    private const string Font = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Naskh Arabic', sans-serif";

    private readonly MemoryStream _bytes = new();
    private readonly XmlWriter _xml;
    private readonly bool _isRightToLeft;
    private readonly double _width;

    /// <param name="reader">Whose language decides the direction: x is counted from where a line begins.</param>
    /// <param name="title">What it shows, for who cannot see it.</param>
    public SvgImage(Reader reader, double width, double height, string title)
    {
        (_isRightToLeft, _width) = (reader.Language.IsRightToLeft, width);
        _xml = XmlWriter.Create(_bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), OmitXmlDeclaration = true });
        _xml.WriteStartElement("svg", Svg);
        Set(("width", width), ("height", height), ("role", "img"), ("direction", reader.Language.Direction), ("font-family", Font));
        _xml.WriteAttributeString("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}"));
        _xml.WriteAttributeString("xml", "lang", null, reader.Language.Tag);
        _xml.WriteElementString("title", Svg, title);
    }

    public void Box(double x, double y, double width, double height, double round, string fill, string? stroke = null)
    {
        _xml.WriteStartElement("rect", Svg);
        Set(("x", _isRightToLeft ? _width - x - width : x), ("y", y), ("width", width), ("height", height), ("rx", round), ("fill", fill), ("stroke", stroke));
        _xml.WriteEndElement();
    }

    /// <summary>A line of text that begins at x.</summary>
    public void Text(double x, double y, double size, string fill, string text, bool isBold = false)
    {
        _xml.WriteStartElement("text", Svg);
        Set(("x", _isRightToLeft ? _width - x : x), ("y", y), ("font-size", size), ("font-weight", isBold ? "600" : null), ("fill", fill),
            ("unicode-bidi", "isolate"));
        _xml.WriteString(text);
        _xml.WriteEndElement();
    }

    /// <summary>The icon that is drawn for a badge: an image from elsewhere would not be loaded here.</summary>
    public void Icon(double x, double y, double size, Media.DrawnIcon.Design design)
    {
        _xml.WriteStartElement("g", Svg);
        _xml.WriteAttributeString("transform", string.Create(CultureInfo.InvariantCulture, $"translate({(_isRightToLeft ? _width - x - size : x)} {y}) scale({size / 64:0.###})"));
        Path(design.Shape, design.Colour);
        if (design.Emblem.Length > 0)
        {
            Path(design.Emblem, "#fff");
        }
        _xml.WriteEndElement();
    }

    private void Path(string outline, string fill)
    {
        _xml.WriteStartElement("path", Svg);
        Set(("d", outline), ("fill", fill));
        _xml.WriteEndElement();
    }

    private void Set(params (string Name, object? Value)[] attributes)
    {
        foreach (var (name, value) in attributes)
        {
            if (value is not null)
            {
                _xml.WriteAttributeString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
            }
        }
    }

    public byte[] Finish()
    {
        _xml.WriteEndElement();
        _xml.Flush();
        return _bytes.ToArray();
    }

    public void Dispose() => _xml.Dispose();
}
