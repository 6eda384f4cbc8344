using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Xunit;

namespace Laurel.Tests.Http;

/// <summary>What is hidden until it is claimed shows nowhere before: every route of the server is walked, so a new one is covered by
/// itself, or fails here until it is said what its parameters are to be.</summary>
public sealed class HiddenUntilClaimedTests
{
    private const string Root = "/laurel/v1";
    private const long Owner = 1;
    private const long Stranger = 2;
    private const long Manager = 9;
    private const long Badge = 11;
    private const long Award = 500;

    // The badge's uploaded icon: one transparent pixel, served under its hash.
    private static readonly byte[] Icon = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");

    // Every secret holds one of these, and nothing else does: they are too long to come up in a random token.
    private static readonly string[] Marks = ["zqxvjk", "98765", "أرنب", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Icon))];

    // What stands for a parameter, by the part of the path before it.
    private static readonly Dictionary<string, object> Values = new()
    {
        ["badges"] = Badge, ["users"] = Owner, ["user"] = Owner, ["awards"] = Award, ["rewards"] = Award, ["issuers"] = 100, ["universes"] = 100, ["places"] = 1000,
        ["keys"] = 1, ["award"] = Badge, ["action"] = 7, ["actions"] = 7, ["action-types"] = "Did", ["rules"] = 3, ["backfills"] = 1, ["images"] = $"badge-{Badge}.svg",
        ["assets"] = "laurel.css", ["language"] = "en",
    };

    // What a route answers nothing without.
    private static readonly Dictionary<string, string> Queries = new()
    {
        ["/v1/users/{userId}/badges/awarded-dates"] = $"?badgeIds={Badge}",
        ["/badges"] = $"?collection=100&user={Owner}",
        ["/counters"] = $"?collection=100&user={Owner}&names=_all",
    };

    [Theory, EveryEngine]
    public async Task Nothing_shows_before_and_after_only_the_award_does(Engine engine)
    {
        await using var laurel = await Start(engine);
        var (owner, stranger, manager) = (await laurel.Key(Owner, null), await laurel.Key(Stranger, null), await laurel.Key(Manager, null));
        string[] ofBadge = ["/v1/badges/11", "/v1/universes/100/badges", "/v2/universes/100/badges", $"{Root}/badges/11", $"{Root}/badges", $"{Root}/rules", $"{Root}/rules/3", $"{Root}/rules/3/revisions", $"{Root}/users/{Owner}/badges/11/explanation"];
        string[] ofAward = [$"/v1/users/{Owner}/badges", $"{Root}/users/{Owner}/awards", $"{Root}/users/{Owner}/awards/{Award}", $"{Root}/badges/11/awards"];

        // The manager sees it all, so that there is something to find.
        foreach (var path in ofBadge.Concat(ofAward))
        {
            Assert.True(Shows(await Ask(laurel, HttpMethod.Get, path, manager)), path);
        }
        Assert.True(Shows(await Ask(laurel, HttpMethod.Get, $"{Root}/users/{Owner}/progress", TestServer.AdministratorKey)));
        foreach (var reader in new[] { null, stranger, owner })
        {
            await Hides(laurel, HttpMethod.Get, reader);
        }
        foreach (var verb in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete })
        {
            await Hides(laurel, verb, null);
            await Hides(laurel, verb, stranger);
        }
        // Who may ask for explanations, but not see what hides.
        var service = await laurel.Key(null, Scopes.UsersRead);
        foreach (var badge in new[] { 11, 12 })
        {
            Assert.False(Shows(await Ask(laurel, HttpMethod.Get, $"{Root}/users/{Owner}/badges/{badge}/explanation", service)));
        }
        Assert.True(Shows(await Ask(laurel, HttpMethod.Get, $"{Root}/users/{Owner}/badges/12/explanation", manager)));
        await TheOwnersAttempts(laurel, owner);

        (await laurel.Post($"{Root}/users/{Owner}/points", """{"delta":5}""")).Is(201);
        Assert.True(Shows(await Ask(laurel, HttpMethod.Post, $"{Root}/users/{Owner}/awards/{Award}/claim", owner)));
        foreach (var reader in new[] { stranger, owner })
        {
            Assert.All(await Task.WhenAll(ofBadge.Select(path => Ask(laurel, HttpMethod.Get, path, reader))), answer => Assert.False(Shows(answer), answer));
            Assert.All(await Task.WhenAll(ofAward.Select(path => Ask(laurel, HttpMethod.Get, path, reader))), answer => Assert.True(Shows(answer), answer));
        }
        Assert.True(Shows(await Ask(laurel, HttpMethod.Patch, $"/api/v1/rewards/{Award}/badge/", owner)));
        foreach (var path in new[] { "/v2/Users/Badges", "/v2/Users/BadgesList", $"/services/v2/user/{Owner}/award.json", $"/badges{Queries["/badges"]}" })
        {
            Assert.True(Shows(await Ask(laurel, HttpMethod.Get, path, owner)), path);
        }
        // Another's award of the same badge is as hidden as before.
        (await laurel.Put($"{Root}/users/{Stranger}/awards/501", $$$"""{"badgeId":{{{Badge}}},"payload":"zqxvjk payload"}""")).Is(201);
        foreach (var path in new[] { $"/v1/users/{Stranger}/badges", $"{Root}/users/{Stranger}/awards", $"{Root}/users/{Stranger}/awards/501" })
        {
            Assert.False(Shows(await Ask(laurel, HttpMethod.Get, path, owner)), path);
        }
    }

    // By name, because some of what an owner may do would end the award.
    private static async Task TheOwnersAttempts(TestServer laurel, string owner)
    {
        var award = $"{Root}/users/{Owner}/awards/{Award}";
        foreach (var (verb, path, body, status) in new[]
        {
            (HttpMethod.Post, $"{award}/claim", "{}", 409),
            (HttpMethod.Post, $"{award}/wear", "{}", 409),
            (HttpMethod.Post, $"{award}/unwear", "{}", 200),
            (HttpMethod.Patch, $"/api/v1/rewards/{Award}/badge/", "{}", 400),
            (HttpMethod.Patch, $"/api/v1/rewards/{Award}/badge/", """{"is_badged":false}""", 200),
            (HttpMethod.Patch, "/v1/badges/11", """{"name":"x"}""", 403),
            (HttpMethod.Put, $"{Root}/badges/11", """{"issuerId":100,"texts":{"en":{"name":"x"}}}""", 403),
            // Nobody but a manager is told that the key is taken.
            (HttpMethod.Post, $"{Root}/badges", """{"issuerId":100,"key":"Zqxvjk-key","texts":{"en":{"name":"x"}}}""", 403),
            (HttpMethod.Post, $"{Root}/awards", """{"userId":1,"badgeId":11}""", 403),
            (HttpMethod.Put, award, """{"badgeId":11}""", 403),
            (HttpMethod.Post, $"/v1/users/{Owner}/badges/11/award-badge", "", 403),
        })
        {
            var answer = await Ask(laurel, verb, path, owner, body);
            Assert.StartsWith($"{status} ", answer);
            Assert.False(Shows(answer), $"{verb} {path}: {answer}");
        }
    }

    [Fact]
    public async Task Who_awards_it_is_not_shown_it()
    {
        await using var laurel = await Start(Engine.Sqlite);
        var service = await laurel.Key(null, Scopes.AwardsWrite);
        foreach (var (path, body) in new[]
        {
            ($"{Root}/awards", """{"userId":2,"badgeId":11,"payload":"zqxvjk payload"}"""), ($"{Root}/awards/batch", """[{"userId":3,"badgeId":11,"payload":"zqxvjk payload"}]"""),
            ("/v1/users/9/badges/11/award-badge", ""),
        })
        {
            var answer = await Ask(laurel, HttpMethod.Post, path, service, body);
            Assert.StartsWith("20", answer);
            Assert.False(Shows(answer), answer);
        }
    }

    private static async Task Hides(TestServer laurel, HttpMethod verb, string? key)
    {
        var walked = 0;
        foreach (var route in laurel.Endpoints.OfType<RouteEndpoint>())
        {
            if (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(verb.Method) == false)
            {
                continue;
            }
            // An open call with these queries would end the award.
            var path = Path(route.RoutePattern) + (verb == HttpMethod.Get ? Queries.GetValueOrDefault(route.RoutePattern.RawText!) : null);
            var answer = await Ask(laurel, verb, path, key);
            Assert.False(Shows(answer), $"{verb} {route.RoutePattern.RawText} as {key ?? "nobody"}: {answer}");
            Assert.False(answer.StartsWith('5'), answer);
            walked++;
        }
        Assert.NotEqual(0, walked);
    }

    private static string Path(RoutePattern pattern)
    {
        var path = new StringBuilder();
        var before = "";
        foreach (var segment in pattern.PathSegments)
        {
            path.Append('/');
            foreach (var part in segment.Parts)
            {
                path.Append(part switch
                {
                    RoutePatternLiteralPart literal => literal.Content,
                    RoutePatternSeparatorPart separator => separator.Content,
                    RoutePatternParameterPart parameter => Value(pattern, before, parameter.Name),
                    _ => throw new NotSupportedException(pattern.RawText),
                });
            }
            before = segment.Parts is [RoutePatternLiteralPart only] ? only.Content : before;
        }
        return path.ToString();
    }

    private static string Value(RoutePattern pattern, string before, string name)
    {
        Assert.True(Values.TryGetValue(name == "userId" ? "users" : before, out var value), $"Say in {nameof(Values)} what {{{name}}} of {pattern.RawText} is to be.");
        return value.ToString()!;
    }

    /// <summary>All that the client gets: status line, headers, body.</summary>
    private static async Task<string> Ask(TestServer laurel, HttpMethod verb, string path, string? key, string body = "{}")
    {
        using var request = new HttpRequestMessage(verb, path);
        if (verb != HttpMethod.Get)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        request.Headers.TryAddWithoutValidation("Roblox-Place-Id", "1000");
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        using var response = await laurel.Anonymous.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        // What has no end has tests of its own.
        var bytes = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? [] : await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return $"{(int)response.StatusCode} {response.ReasonPhrase}\n{response.Headers}{response.Content.Headers}\n{Encoding.UTF8.GetString(bytes)}\n{Encoding.Latin1.GetString(bytes)}";
    }

    private static bool Shows(string answer) => Marks.Any(mark =>
        answer.Contains(mark, StringComparison.OrdinalIgnoreCase)
        || answer.Contains(JsonSerializer.Serialize(mark).Trim('"'), StringComparison.OrdinalIgnoreCase)
        || answer.Contains(Uri.EscapeDataString(mark), StringComparison.OrdinalIgnoreCase)
        || answer.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes(mark)), StringComparison.Ordinal));

    private static async Task<TestServer> Start(Engine engine)
    {
        var laurel = await TestServer.Start(engine);
        foreach (var user in new[] { Owner, Stranger, 3, Manager })
        {
            (await laurel.Put($"{Root}/users/{user}", """{"privacy":"public"}""")).Is(201);
        }
        (await laurel.Put($"{Root}/issuers/100", """{"name":"Studio","rootPlaceId":1000,"creator":{"type":"User","id":9}}""")).Is(201);
        (await laurel.Put($"{Root}/badges/{Badge}", """
            {"issuerId":100,"key":"Zqxvjk-key","sourceLocale":"en","texts":{
               "en":{"name":"Zqxvjk name","description":"Zqxvjk description","lines":{"never":["zqxvjk never"],"held":["zqxvjk held"],"again":["zqxvjk again"]},"iconImageId":987651},
               "ar":{"name":"أرنب","description":"أرنب أبيض","iconImageId":987652}},
             "iconImageId":987653,"awardAssetIds":[987654],"claimable":true,"cost":5,"hiddenUntilClaimed":true}
            """)).Is(201);
        (await laurel.Send(HttpMethod.Put, $"{Root}/badges/{Badge}/icon", new ByteArrayContent(Icon), TestServer.AdministratorKey)).Is(201);
        (await laurel.Put($"{Root}/action-types/Did", "{}")).Is(201);
        // Its other badge hides nothing.
        (await laurel.Put($"{Root}/badges/12", """{"issuerId":100,"texts":{"en":{"name":"Open"}}}""")).Is(201);
        (await laurel.Put($"{Root}/rules/3", $$$"""
            {"key":"zqxvjk-rule","name":"Zqxvjk rule","actions":["Did"],"when":{"count":true},"tiers":[{"badgeId":{{{Badge}}},"at":5},{"badgeId":12,"at":6}]}
            """)).Is(201);
        (await laurel.Post($"{Root}/actions", $$"""{"id":7,"type":"Did","userId":{{Owner}}}""")).Is(201);
        (await laurel.Put($"{Root}/users/{Owner}/awards/{Award}", $$$"""{"badgeId":{{{Badge}}},"payload":{"note":"zqxvjk payload"}}""")).Is(201);
        return laurel;
    }
}
