using Laurel.Core;

namespace Laurel.Server.Admin;

/// <summary>Fields that hold several things.</summary>
internal static class FormLists
{
    private static readonly char[] Separators = [',', ' ', '\t', '\r', '\n', '\u060c'];

    /// <summary>Its lines as they were written, none where the field is empty.</summary>
    public static IReadOnlyList<string> Lines(this AdminForm form, string name) =>
        form.Text(name) is { } text ? text.ReplaceLineEndings("\n").Split('\n') : [];

    /// <summary>The ids in it, one a line or between commas and spaces; what is none is an error of the field.</summary>
    public static IReadOnlyList<long> Ids(this AdminForm form, string name, AdminCall call)
    {
        var ids = new List<long>();
        foreach (var text in form[name].Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (TextRules.TryCanonicalId(text, out var id))
            {
                ids.Add(id);
            }
            else
            {
                form.Wrong(name, call.Reader["admin.catalogue.ids"]);
            }
        }
        return ids;
    }
}
