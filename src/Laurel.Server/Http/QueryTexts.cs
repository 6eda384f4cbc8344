using Laurel.Core;

namespace Laurel.Server.Http;

/// <summary>The texts of a query string.</summary>
internal static class QueryTexts
{
    /// <exception cref="BadRequestException">A key or value that no text may be.</exception>
    public static void Check(HttpRequest request)
    {
        if (!request.QueryString.HasValue)
        {
            return;
        }
        foreach (var (key, values) in request.Query)
        {
            if (!TextRules.IsStorable(key))
            {
                throw NotText;
            }
            foreach (var value in values)
            {
                if (!TextRules.IsStorable(value ?? ""))
                {
                    throw NotText;
                }
            }
        }
    }

    public static BadRequestException NotText => new("A text holds NUL or half of a surrogate pair.");
}
