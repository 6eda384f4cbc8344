using Xunit;

namespace Laurel.Tests.Pages;

/// <summary>Every page there is, and what each is asked about: a page joins by its line.</summary>
internal static class ShownPages
{
    /// <summary>By what they show.</summary>
    public static readonly IReadOnlyDictionary<string, string> Paths = new Dictionary<string, string>
    {
        ["home"] = "/",
        ["badge"] = $"/badges/{PagesWorld.Plain}",
        ["badge of a period"] = $"/badges/{PagesWorld.Weekly}",
        ["badge of a rule"] = $"/badges/{PagesWorld.Ruled}",
        ["masked badge"] = $"/badges/{PagesWorld.Hidden}",
        ["disabled badge"] = $"/badges/{PagesWorld.Disabled}",
        ["no badge"] = "/badges/1",
        ["removed badge"] = $"/badges/{PagesWorld.Gone}",
        ["wall"] = $"/users/{PagesWorld.Ada}",
        ["empty wall"] = $"/users/{PagesWorld.Fresh}",
        ["unlisted wall"] = $"/users/{PagesWorld.Bo}",
        ["private wall"] = $"/users/{PagesWorld.Cleo}",
        ["award"] = $"/awards/{PagesWorld.Ada}/{100 + PagesWorld.Plain}",
        ["masked award"] = $"/awards/{PagesWorld.Ada}/{100 + PagesWorld.Hidden}",
        ["award taken back"] = $"/awards/{PagesWorld.Ada}/{PagesWorld.Removed}",
    };

    public static TheoryData<string> Names => [.. Paths.Keys];

    /// <summary>The path in a language.</summary>
    public static string In(string language, string path) => $"{path}{(path.Contains('?') ? '&' : '?')}lang={language}";
}
