using System.Text.Encodings.Web;
using System.Text.Unicode;
using Laurel.Server.Http;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Laurel.Server.Pages;

/// <summary>Pages for people: HTML made whole by Razor components, that works without a script. See docs/pages.md.</summary>
internal static class PagesApi
{
    public static void AddPages(this IServiceCollection services) => services
        .AddSingleton<IErrorShape, PageErrorShape>()
        .AddSingleton<PageCache>()
        .AddSingleton<PageRenderer>()
        // Letters of all scripts stay themselves: escaped, a page in Arabic is twice as large.
        .AddSingleton(HtmlEncoder.Create(UnicodeRanges.All))
        .AddSingleton<PageServices>()
        .TryAddSingleton<PublicAddress>();

    public static void MapPages(this IEndpointRouteBuilder routes)
    {
        Asset.Map(routes);
        LanguageEndpoint.Map(routes);
        PublicPages.Map(routes);
        Embeds.Map(routes);
    }
}
