using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Laurel.Tests.Harness;
using Laurel.Tests.Native;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Laurel.Tests.Http;

/// <summary>What is open to this machine is not open to what merely comes through it: a foreign page in a browser, a proxy.</summary>
public sealed class CallsFromElsewhereTests
{
    // Each names what it would store, if it were served.
    private const string Page = """
        <!doctype html><title>elsewhere</title><iframe name="frame"></iframe>
        <form id="form" method="post" enctype="text/plain" target="frame"><input name="x" value="y"></form>
        <script type="module">
        const laurel = LAUREL;
        const badge = name => JSON.stringify({ collection: "stolen", name, user: "1" });
        const award = laurel + "/v1/users/2/badges/7/award-badge";
        const json = { "Content-Type": "application/json" };
        const tries = [
          () => fetch(laurel + "/badge", { method: "POST", mode: "no-cors", body: badge("text") }),
          () => fetch(laurel + "/badge", { method: "POST", headers: json, body: badge("json") }),
          () => fetch(laurel + "/badge", { method: "POST", mode: "no-cors", credentials: "include", body: badge("credentials") }),
          () => fetch(laurel + "/badge?collection=stolen&name=query&user=1", { method: "POST", mode: "no-cors" }),
          () => fetch(laurel + "/badges?collection=isle&user=3", { method: "DELETE" }),
          () => fetch(laurel + "/badges?collection=isle&user=3", { mode: "no-cors" }),
          () => fetch(laurel + "/counters?collection=isle&user=3&names=_all"),
          () => fetch(award, { method: "POST", headers: { "Roblox-Place-Id": "1000" } }),
          () => fetch(award, { method: "POST", mode: "no-cors" }),
          () => navigator.sendBeacon(laurel + "/badge", badge("beacon")),
          () => new Promise(seen => { const image = new Image(); image.onload = image.onerror = seen; image.src = laurel + "/badges?collection=isle&user=3"; }),
          () => new Promise(seen => { const form = document.getElementById("form"), frame = document.querySelector("iframe");
            form.action = laurel + "/badge?collection=stolen&name=form&user=1"; frame.onload = seen; form.submit(); }),
        ];
        const told = [];
        for (const attempt of tries) {
          try { const answer = await attempt(); told.push(answer instanceof Response ? `${answer.type} ${answer.status}` : "sent"); }
          catch (failure) { told.push("refused"); }
        }
        await fetch("/told", { method: "POST", body: told.join("\n") });
        </script>
        """;

    [Fact]
    public async Task A_page_of_another_origin_in_a_real_browser_can_call_nothing()
    {
        Requirement.Need(Chromium.Missing);
        var seen = new ConcurrentQueue<string>();
        await using var laurel = await World(seen);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var elsewhere = await Elsewhere(laurel.Address, told);

        using (Chromium.Show(new Uri(elsewhere.Urls.Single())))
        {
            var answers = (await told.Task.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken)).Split('\n');
            // What the page may look at says that it was refused; the rest it may not even look at.
            Assert.All(answers, answer => Assert.Contains(answer, new[] { "refused", "opaque 0", "sent" }));
        }

        // The browser did send them: it is the server that refused.
        Assert.Contains("POST /badge", seen);
        Assert.Contains("GET /badges", seen);
        Assert.Contains("POST /v1/users/2/badges/7/award-badge", seen);
        await NothingHappened(laurel);
    }

    [Theory]
    [InlineData("")]
    [InlineData("proxy_http_version 1.1; proxy_set_header Host $host:$server_port; proxy_set_header X-Forwarded-For $remote_addr;")]
    [InlineData("proxy_http_version 1.1; proxy_set_header Host badges.example;")]
    [InlineData("proxy_set_header Via \"1.1 edge\";")]
    public async Task A_proxy_on_this_machine_can_call_nothing_for_others(string settings)
    {
        Requirement.Need(Tool.Find("nginx") is null ? "nginx is not installed." : null);
        await using var laurel = await World([]);
        using var proxy = await Proxy.Start(laurel.Address, settings);

        foreach (var (method, path) in new[] { ("POST", "/badge?collection=stolen&name=a&user=1"), ("DELETE", "/badges?collection=isle&user=3"),
            ("GET", "/badges?collection=isle&user=3"), ("GET", "/counters?collection=isle&user=3&names=_all"), ("POST", "/v1/users/2/badges/7/award-badge") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(proxy.Address, path));
            request.Headers.Add("Roblox-Place-Id", "1000");
            using var answer = await laurel.Anonymous.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path}: {answer.StatusCode}");
        }
        await NothingHappened(laurel);
    }

    // Open to this machine, or the tests show nothing: user 3 holds what one call of each kind stored.
    private static async Task<TestServer> World(ConcurrentQueue<string> seen)
    {
        var laurel = await TestServer.Start(map: app => app.Use((context, next) =>
        {
            seen.Enqueue($"{context.Request.Method} {context.Request.Path}");
            return next(context);
        }));
        foreach (var user in new[] { 1, 2, 3 })
        {
            (await laurel.Put($"{NativeWorld.Root}/users/{user}", "{}")).Is(201);
        }
        (await laurel.Put($"{NativeWorld.Root}/issuers/100", """{"key":"isle","name":"Isle","rootPlaceId":1000}""")).Is(201);
        await laurel.Badge(7);
        (await laurel.Send(HttpMethod.Post, "/v1/users/3/badges/7/award-badge", (string?)null, null, ("Roblox-Place-Id", "1000"))).Is(200);
        (await laurel.Send(HttpMethod.Post, "/badge?collection=isle&name=own&user=3", (string?)null, null)).Is(201);
        seen.Clear();
        return laurel;
    }

    private static async Task NothingHappened(TestServer laurel)
    {
        foreach (var (user, held) in new[] { (1, 0), (2, 0), (3, 2) })
        {
            Assert.Equal(held, (await laurel.Get($"{NativeWorld.Root}/users/{user}/awards")).Is(200).Json["items"]!.AsArray().Count);
        }
        Assert.Single((await laurel.Get($"{NativeWorld.Root}/issuers")).Is(200).Json["items"]!.AsArray());
    }

    private static async Task<WebApplication> Elsewhere(Uri laurel, TaskCompletionSource<string> told)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/", () => Results.Content(Page.Replace("LAUREL", $"\"{laurel.GetLeftPart(UriPartial.Authority)}\"", StringComparison.Ordinal), "text/html", Encoding.UTF8));
        app.MapPost("/told", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            told.TrySetResult(await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    /// <summary>nginx as it comes, with one location that passes everything on.</summary>
    private sealed class Proxy : IDisposable
    {
        private readonly Process _process;
        private readonly string _folder;

        private Proxy(Process process, string folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

        public Uri Address { get; }

        public static async Task<Proxy> Start(Uri laurel, string settings)
        {
            var (folder, port) = (Workspace.NewFolder("nginx"), Tool.FreePort());
            var file = Path.Combine(folder, "nginx.conf");
            await File.WriteAllTextAsync(file, $$"""
                daemon off; pid {{folder}}/pid; error_log {{folder}}/error.log;
                events {}
                http {
                  access_log off; client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy;
                  fastcgi_temp_path {{folder}}/fastcgi; uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
                  server { listen 127.0.0.1:{{port}}; location / { {{settings}} proxy_pass {{laurel.GetLeftPart(UriPartial.Authority)}}; } }
                }
                """, TestContext.Current.CancellationToken);
            var process = Process.Start(new ProcessStartInfo(Tool.Find("nginx")!, ["-c", file, "-p", folder]) { UseShellExecute = false, RedirectStandardError = true })!;
            Workspace.Track(process.Id);
            var proxy = new Proxy(process, folder, new Uri($"http://127.0.0.1:{port}"));
            for (var tries = 0; !await Listens(port); tries++)
            {
                Assert.True(tries < 600 && !process.HasExited, "nginx does not start.");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
            return proxy;
        }

        private static async Task<bool> Listens(int port)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        public void Dispose()
        {
            Tool.Send(Signal.Terminate, _process.Id);
            _process.WaitForExit();
            _process.Dispose();
            Workspace.Clear(_folder);
        }
    }
}
