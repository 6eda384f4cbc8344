using System.Net;
using Laurel.Core.Access;
using Laurel.Core.Users;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>Who may ask for which page, and send which form: a route joins by its line. What the core refuses beyond that is with the
/// tests of each section.</summary>
public sealed class AdminMatrixTests
{
    /// <summary>What comes back: a page, a form's answer, or that there is no such thing.</summary>
    private const string Yes = "allowed";

    /// <summary>To the sign-in page.</summary>
    private const string In = "sign-in";

    private const string No = "forbidden";

    /// <summary>A route, a path of it, and what becomes of it for nobody, a player, a viewer, a manager and an administrator. Paths
    /// name user 3, badge 7 of issuer 100 and place 1000, award 5 of the user, rule 3 of the badge and its backfill, and otherwise
    /// things that are not there. Recorded actions the core shows to no manager.</summary>
    internal sealed record Row(string Method, string Route, string Path, params string[] Expected);

    internal static readonly IReadOnlyList<Row> Rows =
    [
        new("GET", "/admin", "/admin", In, No, Yes, Yes, Yes),
        new("GET", "/admin/awards", "/admin/awards", In, No, Yes, Yes, Yes),
        new("GET", "/admin/jobs", "/admin/jobs", In, No, Yes, Yes, Yes),
        new("GET", "/admin/settings", "/admin/settings", In, No, No, No, Yes),
        new("GET", "/admin/health", "/admin/health", In, No, Yes, Yes, Yes),
        new("GET", "/admin/badges", "/admin/badges", In, No, Yes, Yes, Yes),
        new("GET", "/admin/badges/new", "/admin/badges/new", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/new", "/admin/badges/new", In, No, No, Yes, Yes),
        new("GET", "/admin/badges/{id}", "/admin/badges/7", In, No, Yes, Yes, Yes),
        new("GET", "/admin/badges/{id}/holders", "/admin/badges/7/holders", In, No, Yes, Yes, Yes),
        new("GET", "/admin/badges/{id}/edit", "/admin/badges/7/edit", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/{id}/edit", "/admin/badges/7/edit", In, No, No, Yes, Yes),
        new("GET", "/admin/badges/{id}/icon", "/admin/badges/7/icon", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/{id}/icon", "/admin/badges/7/icon", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/{id}/icon/remove", "/admin/badges/7/icon/remove", In, No, No, Yes, Yes),
        new("GET", "/admin/badges/{id}/delete", "/admin/badges/7/delete", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/{id}/delete", "/admin/badges/7/delete", In, No, No, Yes, Yes),
        new("POST", "/admin/badges/{id}/restore", "/admin/badges/7/restore", In, No, No, Yes, Yes),
        new("GET", "/admin/issuers", "/admin/issuers", In, No, Yes, Yes, Yes),
        new("GET", "/admin/issuers/new", "/admin/issuers/new", In, No, No, No, Yes),
        new("POST", "/admin/issuers/new", "/admin/issuers/new", In, No, No, No, Yes),
        new("GET", "/admin/issuers/{id}", "/admin/issuers/100", In, No, Yes, Yes, Yes),
        new("GET", "/admin/issuers/{id}/edit", "/admin/issuers/100/edit", In, No, No, No, Yes),
        new("POST", "/admin/issuers/{id}/edit", "/admin/issuers/100/edit", In, No, No, No, Yes),
        new("GET", "/admin/issuers/{id}/places/new", "/admin/issuers/100/places/new", In, No, No, Yes, Yes),
        new("POST", "/admin/issuers/{id}/places/new", "/admin/issuers/100/places/new", In, No, No, Yes, Yes),
        new("GET", "/admin/issuers/{id}/places/{place}", "/admin/issuers/100/places/1000", In, No, No, Yes, Yes),
        new("POST", "/admin/issuers/{id}/places/{place}", "/admin/issuers/100/places/1000", In, No, No, Yes, Yes),
        new("GET", "/admin/rules", "/admin/rules", In, No, Yes, Yes, Yes),
        new("GET", "/admin/rules/new", "/admin/rules/new", In, No, No, Yes, Yes),
        new("POST", "/admin/rules/new", "/admin/rules/new", In, No, No, Yes, Yes),
        new("GET", "/admin/rules/{id}", "/admin/rules/3", In, No, Yes, Yes, Yes),
        new("POST", "/admin/rules/{id}", "/admin/rules/3", In, No, No, Yes, Yes),
        new("POST", "/admin/rules/{id}/enabled", "/admin/rules/3/enabled", In, No, No, Yes, Yes),
        new("GET", "/admin/rules/{id}/past", "/admin/rules/3/past", In, No, Yes, Yes, Yes),
        new("POST", "/admin/rules/{id}/past", "/admin/rules/3/past", In, No, No, Yes, Yes),
        new("GET", "/admin/backfills/{id}", "/admin/backfills/{backfill}", In, No, Yes, Yes, Yes),
        new("GET", "/admin/backfills/{id}/progress", "/admin/backfills/{backfill}/progress", In, No, Yes, Yes, Yes),
        new("POST", "/admin/backfills/{id}/stop", "/admin/backfills/{backfill}/stop", In, No, No, Yes, Yes),
        new("POST", "/admin/backfills/{id}/undo", "/admin/backfills/{backfill}/undo", In, No, No, Yes, Yes),
        new("GET", "/admin/explain", "/admin/explain?user=3", In, No, Yes, Yes, Yes),
        new("GET", "/admin/actions", "/admin/actions", In, No, Yes, Yes, Yes),
        new("GET", "/admin/actions/new", "/admin/actions/new", In, No, No, Yes, Yes),
        new("POST", "/admin/actions/new", "/admin/actions/new", In, No, No, Yes, Yes),
        new("GET", "/admin/actions/{id}", "/admin/actions/3", In, No, Yes, No, Yes),
        new("GET", "/admin/actions/type", "/admin/actions/type?name=Edit", In, No, Yes, Yes, Yes),
        new("POST", "/admin/actions/type", "/admin/actions/type?name=Edit", In, No, No, Yes, Yes),
        new("GET", "/admin/users", "/admin/users", In, No, Yes, Yes, Yes),
        new("GET", "/admin/users/new", "/admin/users/new", In, No, No, No, Yes),
        new("POST", "/admin/users/new", "/admin/users/new", In, No, No, No, Yes),
        new("GET", "/admin/users/{id}", "/admin/users/3", In, No, Yes, Yes, Yes),
        new("GET", "/admin/users/{id}/edit", "/admin/users/3/edit", In, No, No, No, Yes),
        new("POST", "/admin/users/{id}/edit", "/admin/users/3/edit", In, No, No, No, Yes),
        new("GET", "/admin/users/{id}/points", "/admin/users/3/points", In, No, No, No, Yes),
        new("POST", "/admin/users/{id}/points", "/admin/users/3/points", In, No, No, No, Yes),
        new("GET", "/admin/users/{id}/removed", "/admin/users/3/removed", In, No, Yes, Yes, Yes),
        new("GET", "/admin/users/{id}/award", "/admin/users/3/award", In, No, No, Yes, Yes),
        new("POST", "/admin/users/{id}/award", "/admin/users/3/award", In, No, No, Yes, Yes),
        new("GET", "/admin/users/{id}/awards/{award}", "/admin/users/3/awards/5", In, No, Yes, Yes, Yes),
        new("GET", "/admin/users/{id}/awards/{award}/remove", "/admin/users/3/awards/5/remove", In, No, No, Yes, Yes),
        new("POST", "/admin/users/{id}/awards/{award}/remove", "/admin/users/3/awards/5/remove", In, No, No, Yes, Yes),
        new("POST", "/admin/users/{id}/awards/{award}/reward", "/admin/users/3/awards/6/reward", In, No, No, Yes, Yes),
        new("GET", "/admin/keys", "/admin/keys", In, No, No, Yes, Yes),
        new("GET", "/admin/keys/new", "/admin/keys/new", In, No, No, Yes, Yes),
        new("POST", "/admin/keys/new", "/admin/keys/new", In, No, No, Yes, Yes),
        new("GET", "/admin/keys/{id}", "/admin/keys/1", In, No, No, Yes, Yes),
        new("POST", "/admin/keys/{id}/revoke", "/admin/keys/1/revoke", In, No, No, Yes, Yes),
    ];

    // Those are for everybody, and the stream for whoever is signed in; they have tests of their own.
    private static readonly IReadOnlyList<string> Others = ["GET /admin/sign-in", "POST /admin/sign-in", "POST /admin/sign-out", "GET /admin/stream"];

    [Fact]
    public async Task Every_route_has_a_line_and_answers_everybody_as_it_says()
    {
        await using var laurel = await World();
        var backfill = (await laurel.Post($"{NativeWorld.Root}/rules/3/backfills", "{}")).Is(201).Json["id"]!.ToJsonString();
        var mapped = from endpoint in laurel.Endpoints.OfType<RouteEndpoint>()
                     let route = $"/{endpoint.RoutePattern.RawText!.Trim('/')}"
                     where route == "/admin" || route.StartsWith("/admin/", StringComparison.OrdinalIgnoreCase)
                     from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["any"]
                     where method != HttpMethod.Head.Method
                     select $"{method} {route}";
        Assert.Equal(mapped.Order(StringComparer.Ordinal), Rows.Select(row => $"{row.Method} {row.Route}").Concat(Others).Order(StringComparer.Ordinal));

        var wrong = new List<string>();
        var visitors = await Visitors(laurel);
        for (var who = 0; who < visitors.Count; who++)
        {
            var (name, browser, token) = visitors[who];
            foreach (var row in Rows)
            {
                var path = row.Path.Replace("{backfill}", backfill, StringComparison.Ordinal);
                var answer = row.Method == "GET" ? await browser.Get(path) : await browser.Post(path, [new("token", token)]);
                if (Told(answer) != row.Expected[who])
                {
                    wrong.Add($"{row.Method} {row.Path} by {name}: {Told(answer)} ({answer.Status}) instead of {row.Expected[who]}");
                }
            }
            browser.Dispose();
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static string Told(AdminBrowser.AdminAnswer answer) => answer switch
    {
        { Status: HttpStatusCode.SeeOther } when answer.Location!.StartsWith("/admin/sign-in", StringComparison.Ordinal) => In,
        { Status: HttpStatusCode.Forbidden } => No,
        { Status: HttpStatusCode.OK or HttpStatusCode.SeeOther or HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity } => Yes,
        _ => "neither",
    };

    // Each with a form's token that is good for them, where there is one.
    private static async Task<IReadOnlyList<(string Name, AdminBrowser Browser, string Token)>> Visitors(TestServer laurel)
    {
        var nobody = new AdminBrowser(laurel);
        // A player cannot sign in: this one was a viewer then.
        var player = await AdminBrowser.SignedIn(laurel, await laurel.Key(4, null));
        var token = (await player.Get("/admin/users")).Token;
        await laurel.Core.Users.Put(4, new UserDraft(), null, createOnly: false);
        var visitors = new List<(string, AdminBrowser, string)> { ("nobody", nobody, (await nobody.Get("/admin/sign-in")).Token), ("player", player, token) };
        foreach (var (name, key) in new[] { ("viewer", await laurel.Key(5, null)), ("manager", await laurel.Key(1, null)), ("administrator", TestServer.AdministratorKey) })
        {
            var browser = await AdminBrowser.SignedIn(laurel, key);
            visitors.Add((name, browser, (await browser.Get("/admin/users")).Token));
        }
        return visitors;
    }

    private static async Task<TestServer> World()
    {
        var laurel = await NativeWorld.Start(Engine.Sqlite);
        (await laurel.Put($"{NativeWorld.Root}/users/3/awards/5", """{"badgeId":7}""")).Is(201);
        (await laurel.Put($"{NativeWorld.Root}/action-types/Edit", "{}")).Is(201);
        (await laurel.Put($"{NativeWorld.Root}/rules/3", """{"key":"r","enabled":true,"actions":["Edit"],"when":{"count":2},"badgeId":7}""")).Is(201);
        foreach (var user in new[] { 4, 5 })
        {
            TestCore.Value(await laurel.Core.Users.Put(user, new UserDraft { Permissions = [Permissions.Viewer] }, null, createOnly: true));
        }
        return laurel;
    }
}
