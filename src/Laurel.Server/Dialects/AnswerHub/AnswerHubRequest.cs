using System.Globalization;
using Laurel.Server.Http;

namespace Laurel.Server.Dialects.AnswerHub;

/// <summary>What paths and queries hold.</summary>
internal static class AnswerHubRequest
{
    /// <summary>What every call refuses, whatever it asks for.</summary>
    /// <exception cref="BadRequestException">A text of the query that none may be, or several credentials.</exception>
    public static void Check(HttpRequest request)
    {
        Credential.RefuseSeveral(request);
        QueryTexts.Check(request);
    }

    /// <summary>An id in the path. One beyond int64 is read as 0, which nothing has as its id.</summary>
    /// <exception cref="BadRequestException">Not digits only.</exception>
    public static long Id(HttpContext context, string name)
    {
        var text = (string)context.Request.RouteValues[name]!;
        return text.AsSpan().ContainsAnyExceptInRange('0', '9')
            ? throw new BadRequestException($"{name} is a number, of digits only.")
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
    }
}

/// <summary>What page of a list is asked for; pages count from 1.</summary>
internal readonly record struct PageRequest(long Page, int Size)
{
    private const string Sort = "creationDate";
    private const int DefaultSize = 15;
    private const int MaximumSize = 200;
    private const int MaximumPage = int.MaxValue;

    public long Skip => (Page - 1) * Size;

    /// <exception cref="BadRequestException">A parameter is not what it may be.</exception>
    public static PageRequest Read(IQueryCollection query)
    {
        if (Text(query, "sort") is { } sort && sort != Sort)
        {
            throw new BadRequestException($"sort is {Sort}: newest first.");
        }
        return new PageRequest(Number(query, "page", 1, MaximumPage), Number(query, "pageSize", DefaultSize, MaximumSize));
    }

    public PageJson<T> Of<T>(IReadOnlyList<T> list, long total) =>
        new("", Sort, Page, Size, (total + Size - 1) / Size, list.Count, total, list);

    // An empty one is what a client sends that leaves it out.
    private static string? Text(IQueryCollection query, string name) => query[name] switch
    {
        { Count: 0 } or [null or ""] => null,
        [var text] => text,
        _ => throw new BadRequestException($"Give {name} once."),
    };

    private static int Number(IQueryCollection query, string name, int usual, int most) => Text(query, name) is not { } text ? usual
        : !text.AsSpan().ContainsAnyExceptInRange('0', '9') && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= 1 && number <= most
            ? number
            : throw new BadRequestException($"{name} is a number of 1 to {most}.");
}
