using System.Reflection;
using System.Text.RegularExpressions;
using Laurel.Server.Pages;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Pages;

public sealed partial class LanguageTests
{
    private static readonly string Root =
        typeof(LanguageTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!;

    [Fact]
    public void Every_text_is_there_in_every_language_and_asks_for_the_same()
    {
        var english = Language.English.Keys.Where(key => !Form().IsMatch(key)).Order().ToList();
        Assert.Equal(english, Language.Arabic.Keys.Where(key => !Form().IsMatch(key)).Order());
        Assert.All(english, key => Assert.Equal(Places(Language.English[key]), Places(Language.Arabic[key])));

        var counted = Counted(Language.English);
        Assert.Equal(counted, Counted(Language.Arabic));
        foreach (var key in counted)
        {
            Assert.All(new[] { "one", "other" }, form => Assert.NotEmpty(Language.English[$"{key}.{form}"]));
            Assert.All(new[] { "zero", "one", "two", "few", "many", "other" }, form => Assert.NotEmpty(Language.Arabic[$"{key}.{form}"]));
        }
    }

    [Fact]
    public void No_text_is_asked_for_in_vain_and_none_is_unused()
    {
        var code = string.Concat(new[] { "Pages", "Admin" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".razor").Select(File.ReadAllText));
        var written = Quoted().Matches(code).Select(match => match.Groups["text"].Value).ToHashSet();
        var known = Language.English.Keys.Select(key => Form().Replace(key, "")).ToHashSet();

        // Of a name that is put together, the beginning.
        var begun = Begun().Matches(code).Select(match => match.Groups["text"].Value).ToHashSet();
        Assert.All(known.Except(written), key => Assert.Contains(begun, beginning => key.StartsWith(beginning, StringComparison.Ordinal)));
        var asked = Asked().Matches(code).Select(match => match.Groups["text"].Value).ToHashSet();
        Assert.True(asked.Count > 30);
        Assert.Empty(asked.Except(known));
    }

    [Theory]
    [InlineData(0, "zero")]
    [InlineData(1, "one")]
    [InlineData(2, "two")]
    [InlineData(3, "few")]
    [InlineData(10, "few")]
    [InlineData(11, "many")]
    [InlineData(99, "many")]
    [InlineData(100, "other")]
    [InlineData(102, "other")]
    [InlineData(103, "few")]
    [InlineData(111, "many")]
    public void Arabic_counts_in_six_ways(long number, string form) =>
        Assert.Equal(Language.Arabic[$"wall.count.{form}"], Language.Arabic.Counted("wall.count", number));

    [Fact]
    public void Numbers_and_dates_are_written_as_the_language_does()
    {
        Assert.Equal(("1,234,567", "2.5", "12.3%", "9 March 2026"), (
            Language.English.Number(1_234_567), Language.English.Number(2.5m), Language.English.Percent(0.1234), Language.English.Date(new(2026, 3, 9))));
        Assert.Equal(("١٬٢٣٤٬٥٦٧", "٢٫٥", "١٢٫٣٪\u061c", "٩ مارس ٢٠٢٦"), (
            Language.Arabic.Number(1_234_567), Language.Arabic.Number(2.5m), Language.Arabic.Percent(0.1234), Language.Arabic.Date(new(2026, 3, 9))));
    }

    [Theory]
    [InlineData("", null, null, "en", "Name")]
    [InlineData("", null, "ar-EG, en;q=0.5", "ar", "اسم")]
    [InlineData("", null, "fr, ar;q=0.5", "ar", "Nom")]
    [InlineData("", null, "ja", "en", "Name")]
    [InlineData("", "ar", "en", "ar", "اسم")]
    [InlineData("?lang=en", "ar", "ar", "en", "Name")]
    [InlineData("?lang=xx", "yy", "ar", "ar", "اسم")]
    public async Task The_address_comes_before_the_cookie_and_that_before_the_header(string query, string? cookie, string? header, string language, string name)
    {
        await using var laurel = await TestServer.Start();
        await PagesWorld.Put(laurel, "issuers/100", """{"name":"I"}""");
        await PagesWorld.Put(laurel, "badges/7", """{"issuerId":100,"texts":{"en":{"name":"Name"},"ar":{"name":"اسم"},"fr":{"name":"Nom"}}}""");
        var headers = new[] { ("Cookie", cookie is null ? null : $"a=b; laurel-language={cookie}"), ("Accept-Language", header) }.Where(each => each.Item2 is not null).Select(each => (each.Item1, each.Item2!));

        var page = (await laurel.Send(HttpMethod.Get, $"/badges/7{query}", (HttpContent?)null, null, [.. headers])).Is(200).Body;

        Assert.Contains($"<html lang=\"{language}\"", page, StringComparison.Ordinal);
        Assert.Matches($"<h1><bdi[^>]*>{name}</bdi></h1>", System.Net.WebUtility.HtmlDecode(page));
    }

    [Theory]
    [InlineData("/users/1?page=2", "/users/1?page=2")]
    [InlineData("https://evil.example/", "/")]
    [InlineData("//evil.example/", "/")]
    [InlineData("/\\evil.example/", "/")]
    [InlineData("/a\r\nSet-Cookie: x=y", "/")]
    [InlineData("", "/")]
    public async Task The_switch_leads_nowhere_else(string to, string location)
    {
        await using var laurel = await TestServer.Start();

        var answer = (await laurel.Get($"/language/ar?to={Uri.EscapeDataString(to)}", null)).Is(303);

        Assert.Equal(location, answer.Headers["Location"]);
        Assert.Equal("laurel-language=ar; max-age=31536000; path=/; samesite=lax; httponly", answer.Headers["Set-Cookie"]);
    }

    private static List<string> Counted(Language language) => [.. language.Keys.Where(key => Form().IsMatch(key)).Select(key => Form().Replace(key, "")).Distinct().Order()];

    private static string Places(string text) => string.Join(' ', Place().Matches(text).Select(match => match.Value).Distinct().Order());

    [GeneratedRegex(@"\.(zero|one|two|few|many|other)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Form();

    [GeneratedRegex(@"\{\d\}", RegexOptions.None, 1000)]
    private static partial Regex Place();

    [GeneratedRegex("\"(?<text>[a-zA-Z0-9.]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex("""\$"(?<text>[a-z][a-zA-Z0-9]*\.[a-zA-Z0-9.]*)\{""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Begun();

    // As code asks: reader["…"], Say("…", Count("…", Phrase("…", Counted("…", Message(404, "…".
    [GeneratedRegex("""(?:[Rr]eader\[|Say\(|Count\([Rr]?|Phrase\(|Counted\(|Message\(\d+, )"(?<text>[a-zA-Z0-9.]+)"[^\[]""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Asked();
}
