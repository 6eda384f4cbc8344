using System.Net;
using System.Text.RegularExpressions;

namespace Laurel.Tests.Admin;

/// <summary>What a browser would send of a page's form, as it stands: of the first that has more than its token.</summary>
internal static partial class FormFields
{
    public static List<KeyValuePair<string, string>> Of(string html)
    {
        var form = Form().Matches(html).Select(match => match.Value).First(each => each.Contains("<label", StringComparison.Ordinal) && each.Contains("name=\"token\"", StringComparison.Ordinal));
        var fields = new List<KeyValuePair<string, string>>();
        foreach (var control in Control().Matches(form).Select(match => match.Value))
        {
            var tag = control[..(control.IndexOf('>') + 1)];
            if (Attribute(tag, "type") == "checkbox" && !tag.Contains(" checked", StringComparison.Ordinal))
            {
                continue;
            }
            var value = control.StartsWith("<select", StringComparison.Ordinal) ? Attribute(Option().Match(control).Value, "value")
                // The first line end of a text area is none of its text.
                : control.StartsWith("<textarea", StringComparison.Ordinal) ? control[tag.Length..control.LastIndexOf("</", StringComparison.Ordinal)].TrimStart('\n')
                : Attribute(tag, "value");
            fields.Add(new(Attribute(tag, "name"), WebUtility.HtmlDecode(value).ReplaceLineEndings("\r\n")));
        }
        return fields;
    }

    private static string Attribute(string tag, string name) =>
        Regex.Match(tag, $" {name}=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["value"].Value;

    [GeneratedRegex("<form .*?</form>", RegexOptions.Singleline, 1000)]
    private static partial Regex Form();

    [GeneratedRegex("<input [^>]*>|<textarea .*?</textarea>|<select .*?</select>", RegexOptions.Singleline, 1000)]
    private static partial Regex Control();

    [GeneratedRegex("<option [^>]*selected[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex Option();
}
