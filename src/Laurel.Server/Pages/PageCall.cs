using System.Globalization;
using Laurel.Core;
using Laurel.Core.Storage;
using Laurel.Server.Http;
using Microsoft.AspNetCore.Components;

namespace Laurel.Server.Pages;

/// <summary>One request for a page.</summary>
/// <remarks>Public, as all that components take, because the classes that Razor makes are.</remarks>
public class PageCall
{
    private readonly PageServices _services;

    internal PageCall(HttpContext http, PageServices services) =>
        (Http, _services, Reader, Path) = (http, services, Reader.Of(http.Request), http.Request.Path.ToUriComponent());

    public HttpContext Http { get; }

    public LaurelCore Core => _services.Core;

    public Reader Reader { get; }

    /// <summary>The address that its links and the language switch name: the path, and what of the query the page says counts.</summary>
    public string Path { get; set; }

    /// <summary>An address of this server as others write it.</summary>
    public string Absolute(string path) => _services.Addresses.Of(Http.Request, path);

    /// <summary>Whether the route's parameter is an id, written as Laurel writes it.</summary>
    public bool TryId(string name, out long id) =>
        TextRules.TryCanonicalId((string?)Http.Request.RouteValues[name], out id) && IdRange.IsValid(id);

    /// <summary>The page of a list that is asked for (<c>?page=2</c>), from 1; whatever is no page is the first.</summary>
    public int PageNumber =>
        Http.Request.QueryString.HasValue && int.TryParse(Http.Request.Query["page"], NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page is > 1 and < 10_000
            ? page
            : 1;

    /// <summary>Renders a component, which gets this call as <c>Call</c>.</summary>
    internal async ValueTask<PageAnswer> Render<TComponent>(int status, params (string Name, object? Value)[] parameters) where TComponent : IComponent
    {
        var given = parameters.ToDictionary(each => each.Name, each => each.Value);
        given["Call"] = this;
        return new PageAnswer(status, await _services.Renderer.Render<TComponent>(given));
    }

    /// <summary>A page that says one thing: that something is not there, say.</summary>
    /// <param name="status">Of the answer; its title is the text <c>message.{status}</c>.</param>
    /// <param name="key">Of the text below it.</param>
    internal ValueTask<PageAnswer> Message(int status, string key) =>
        Render<Shared.MessagePage>(status, ("Title", Reader[Shared.MessagePage.TitleOf(status)]), ("Text", Reader[key]));

    /// <summary>The answer that is kept, or a new one.</summary>
    /// <param name="basis">What it is computed from, as it is now: equal as long as the answer is.</param>
    /// <param name="make">Makes it. Kept where it says that somebody may.</param>
    internal ValueTask<PageAnswer> Kept(object basis, Func<ValueTask<PageAnswer>> make) =>
        Kept(basis, () => ValueTask.FromResult<object?>(null), _ => make());

    /// <summary>The answer that is kept, or one that was rendered from an equal thing, or a new one.</summary>
    /// <param name="basis">What the thing is computed from, as it is now: equal as long as the thing is.</param>
    /// <param name="read">Computes all that the answer shows.</param>
    /// <param name="render">Renders it. Kept where it says that somebody may.</param>
    internal async ValueTask<PageAnswer> Kept<T>(object basis, Func<ValueTask<T>> read, Func<T, ValueTask<PageAnswer>> render)
    {
        if (Reader.Key is not { } reader)
        {
            return await render(await read());
        }
        var key = new PageKey(Path, reader, Absolute(""));
        var now = Core.Time.Micros();
        if (_services.Cache.TryGet(key, basis, now, out var kept))
        {
            return kept;
        }
        var shown = await read();
        var answer = _services.Cache.TryGetOf(key, shown, out var same) ? same : await render(shown);
        if (answer.Caching != PageCaching.None)
        {
            _services.Cache.Keep(key, basis, now, answer, shown);
        }
        return answer;
    }
}

/// <summary>What every call needs.</summary>
internal sealed record PageServices(LaurelCore Core, PageRenderer Renderer, PageCache Cache, PublicAddress Addresses);
