using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Laurel.Server.Pages;

/// <summary>Renders Razor components to HTML, once and whole: no script, no connection kept.</summary>
internal sealed class PageRenderer(IServiceProvider services, ILoggerFactory logs)
{
    public async Task<byte[]> Render<TComponent>(Dictionary<string, object?> parameters) where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(services, logs);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<TComponent>(ParameterView.FromDictionary(parameters));
            using var html = new StringWriter(new StringBuilder("<!DOCTYPE html>\n", 16 * 1024));
            root.WriteHtmlTo(html);
            return Encoding.UTF8.GetBytes(html.ToString());
        });
    }
}
