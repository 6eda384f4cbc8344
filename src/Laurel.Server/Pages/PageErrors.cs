using Laurel.Server.Http;
using Laurel.Server.Pages.Shared;

namespace Laurel.Server.Pages;

/// <summary>What goes wrong below the pages' addresses, as a page.</summary>
internal sealed class PageErrorShape(IServiceProvider services) : IErrorShape
{
    // Perfumer's /badges itself is not among them.
    private static readonly string[] Roots = ["/badges/", "/users/", "/awards/", "/embed/", "/language/", "/assets/", "/admin/"];

    public bool Covers(PathString path)
    {
        foreach (var root in Roots)
        {
            if (path.Value is { } text && text.Length > root.Length && text.StartsWith(root, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }
        return path == PublicPages.HomePath || path.Equals("/admin", StringComparison.OrdinalIgnoreCase);
    }

    public async Task Write(HttpContext context, int status, string? detail)
    {
        var call = new PageCall(context, services.GetRequiredService<PageServices>());
        await (await call.Message(status, MessagePage.TextOf(status))).Write(context);
    }
}
