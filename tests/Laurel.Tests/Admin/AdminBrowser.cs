using System.Net;
using System.Text.RegularExpressions;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Admin;

/// <summary>What a browser does in the administration, as far as a test without one needs it: keeps cookies, sends forms as the page
/// made them, and follows no redirect.</summary>
internal sealed partial class AdminBrowser(TestServer laurel) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = laurel.Address };

    /// <summary>By name.</summary>
    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>In with a key; the administrator's unless another is given.</summary>
    public static async Task<AdminBrowser> SignedIn(TestServer laurel, string key = TestServer.AdministratorKey)
    {
        var browser = new AdminBrowser(laurel);
        var answer = await browser.Submit("/admin/sign-in", new() { ["key"] = key });
        Assert.Equal(HttpStatusCode.SeeOther, answer.Status);
        return browser;
    }

    /// <summary>The same for a real browser's page, with the administrator's key.</summary>
    public static async Task SignIn(Microsoft.Playwright.IPage page, TestServer laurel)
    {
        using var browser = await SignedIn(laurel);
        await page.Context.AddCookiesAsync(browser.Cookies.Select(cookie => new Microsoft.Playwright.Cookie
        {
            Name = cookie.Key, Value = cookie.Value, Domain = laurel.Address.Host, Path = "/", Secure = true, HttpOnly = true,
        }));
    }

    /// <summary>In with a name and a password.</summary>
    public static async Task<AdminBrowser> SignedIn(TestServer laurel, string name, string password)
    {
        var browser = new AdminBrowser(laurel);
        (await browser.Submit("/admin/sign-in", new() { ["name"] = name, ["password"] = password })).Is(HttpStatusCode.SeeOther);
        return browser;
    }

    /// <summary>The same browser at another server of the same name.</summary>
    public AdminBrowser At(TestServer other)
    {
        var browser = new AdminBrowser(other);
        foreach (var (name, value) in Cookies)
        {
            browser.Cookies[name] = value;
        }
        return browser;
    }

    public Task<AdminAnswer> Get(string path) => Send(new HttpRequestMessage(HttpMethod.Get, path));

    /// <summary>Sends a form with exactly these fields.</summary>
    public Task<AdminAnswer> Post(string path, IEnumerable<KeyValuePair<string, string>> fields, Action<HttpRequestMessage>? with = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
        with?.Invoke(request);
        return Send(request);
    }

    /// <summary>Opens a page and sends a form of its own, with the page's token and these fields.</summary>
    /// <param name="to">Where the form goes; null for the page's own address.</param>
    public async Task<AdminAnswer> Submit(string page, Dictionary<string, string> fields, string? to = null)
    {
        fields["token"] = (await Get(page)).Token;
        return await Post(to ?? page, fields);
    }

    /// <summary>Opens a page and sends a file with a form of its own.</summary>
    public async Task<AdminAnswer> Upload(string page, string field, byte[] file)
    {
        using var content = new ByteArrayContent(file);
        using var token = new StringContent((await Get(page)).Token);
        return await Send(new HttpRequestMessage(HttpMethod.Post, page) { Content = new MultipartFormDataContent { { token, "token" }, { content, field, "icon" } } });
    }

    private async Task<AdminAnswer> Send(HttpRequestMessage request)
    {
        if (Cookies.Count > 0)
        {
            request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }
        using (request)
        {
            using var answer = await _client.SendAsync(request);
            foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [])
            {
                var (name, value) = (cookie[..cookie.IndexOf('=')], cookie[(cookie.IndexOf('=') + 1)..].Split(';')[0]);
                Cookies.Remove(name);
                if (value.Length > 0)
                {
                    Cookies[name] = value;
                }
            }
            return new AdminAnswer(answer.StatusCode, answer.Headers.Location?.OriginalString, await answer.Content.ReadAsStringAsync())
            {
                Headers = answer.Headers.ToDictionary(header => header.Key, header => string.Join("\n", header.Value), StringComparer.OrdinalIgnoreCase),
            };
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>What came back.</summary>
    internal sealed partial record AdminAnswer(HttpStatusCode Status, string? Location, string Html)
    {
        /// <summary>Values of one name are lines.</summary>
        public required IReadOnlyDictionary<string, string> Headers { get; init; }

        /// <summary>Of its first form.</summary>
        public string Token => TokenField().Match(Html) is { Success: true } found ? found.Groups["token"].Value : throw new InvalidOperationException($"{Status}: no form in {Html}");

        public AdminAnswer Is(HttpStatusCode status)
        {
            Assert.True(Status == status, $"{Status} instead of {status}: {Html}");
            return this;
        }

        [GeneratedRegex("name=\"token\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, 10_000)]
        private static partial Regex TokenField();
    }
}
