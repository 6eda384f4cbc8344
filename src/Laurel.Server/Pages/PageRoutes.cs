namespace Laurel.Server.Pages;

/// <summary>How a route of a page is run.</summary>
internal static class PageRoutes
{
    public static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapPage(this IEndpointRouteBuilder routes, string pattern, Func<PageCall, ValueTask<PageAnswer>> handler) =>
        routes.MapMethods(pattern, Methods, context =>
        {
            var answer = handler(new PageCall(context, context.RequestServices.GetRequiredService<PageServices>()));
            return answer.IsCompletedSuccessfully ? answer.Result.Write(context) : Await(context, answer);
        });

    private static async Task Await(HttpContext context, ValueTask<PageAnswer> answer) => await (await answer).Write(context);
}
