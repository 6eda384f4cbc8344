using System.Text.Json;

namespace Laurel.Server.Pages;

/// <summary>The texts of pages: embedded JSON files of names and texts, some for each language (<c>en.json</c>, <c>admin.en.json</c>);
/// no name is in two. <c>{0}</c>, <c>{1}</c>… stand for what a page fills in.</summary>
internal static class LanguageTexts
{
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    /// <exception cref="ArgumentException">A name is there twice.</exception>
    public static IReadOnlyDictionary<string, string> Read(string tag)
    {
        var texts = new Dictionary<string, string>();
        var assembly = typeof(LanguageTexts).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("pages.", StringComparison.Ordinal) && name.EndsWith($".{tag}.json", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(assembly.GetManifestResourceStream(name)!);
            foreach (var text in json.RootElement.EnumerateObject())
            {
                texts.Add(text.Name, text.Value.GetString()!);
            }
        }
        return texts.Count > 0 ? texts : throw new InvalidOperationException($"The texts in {tag} are missing.");
    }
}
