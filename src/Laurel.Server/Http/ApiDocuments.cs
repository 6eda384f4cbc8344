namespace Laurel.Server.Http;

/// <summary>An API's OpenAPI document, written by hand and embedded in this assembly; its endpoints carry the same name as their
/// group, so that a test can hold one against the other.</summary>
/// <param name="Name">Served at <c>/openapi/{Name}.json</c>.</param>
/// <param name="Title">How the interactive page lists it.</param>
/// <param name="Resource">The embedded resource's name.</param>
internal sealed record ApiDocument(string Name, string Title, string Resource)
{
    public string Path => $"/openapi/{Name}.json";

    /// <exception cref="InvalidOperationException">The assembly holds no such resource.</exception>
    public byte[] Read()
    {
        using var resource = typeof(ApiDocument).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing.");
        var bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return bytes;
    }
}

/// <summary>The documents of the APIs, and the interactive page at <c>/docs</c>. Everything comes from this server.</summary>
internal static class ApiDocuments
{
    /// <summary>The interactive page, below the root.</summary>
    public const string Page = "docs";

    // The page's scripts and styles are its own files; it sets style attributes and shows images from its own code.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Routes of one API: what is mapped here is described by the document of this name.</summary>
    public static IEndpointRouteBuilder DescribedBy(this IEndpointRouteBuilder routes, string document) =>
        routes.MapGroup("").WithMetadata(new EndpointGroupNameAttribute(document));

    /// <summary>Serves every <see cref="ApiDocument"/> that is registered. Before the endpoints are mapped.</summary>
    public static void UseApiDocuments(this WebApplication app)
    {
        var documents = app.Services.GetServices<ApiDocument>().ToList();
        foreach (var document in documents)
        {
            var json = document.Read();
            app.MapGet(document.Path, context => Write(context, json));
        }
        // Only there: otherwise every request would pass through the page's middleware.
        app.UseWhen(context => context.Request.Path.StartsWithSegments($"/{Page}", StringComparison.OrdinalIgnoreCase), branch => branch.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return next(context);
        }).UseSwaggerUI(page =>
        {
            page.RoutePrefix = Page;
            page.DocumentTitle = "Laurel";
            foreach (var document in documents)
            {
                page.SwaggerEndpoint(document.Path, document.Title);
            }
        }));
    }

    private static Task Write(HttpContext context, byte[] json)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = json.Length;
        return context.Response.Body.WriteAsync(json, context.RequestAborted).AsTask();
    }
}
