namespace Laurel.Server.Dialects.Roblox;

/// <summary>An integer of a path, a query or a header. What is no integer at all is told from what no thing can have as its id.</summary>
internal static class RouteId
{
    /// <summary>False when the text is no integer. An integer beyond int64 is read as 0, which nothing has as its id.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long id)
    {
        id = 0;
        var digits = text is ['-', .. var rest] ? rest : text;
        if (digits.Length == 0 || digits.ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }
        if (!long.TryParse(text, out id))
        {
            id = 0;
        }
        return true;
    }

    /// <summary>The route's value of this name.</summary>
    public static bool TryGet(HttpContext context, string name, out long id) =>
        TryParse(context.Request.RouteValues[name] as string, out id);
}
