using System.Text.Json;

namespace Laurel.Server.Pages;

/// <summary>The texts of pages: one embedded JSON file a language, of names and texts. <c>{0}</c>, <c>{1}</c>… stand for what a page
/// fills in.</summary>
internal static class LanguageTexts
{
    /// <exception cref="InvalidOperationException">There is no such file.</exception>
    public static IReadOnlyDictionary<string, string> Read(string tag)
    {
        using var resource = typeof(LanguageTexts).Assembly.GetManifestResourceStream($"pages.{tag}.json")
            ?? throw new InvalidOperationException($"The texts in {tag} are missing.");
        using var json = JsonDocument.Parse(resource);
        return json.RootElement.EnumerateObject().ToDictionary(each => each.Name, each => each.Value.GetString()!);
    }
}
