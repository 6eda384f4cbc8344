namespace Laurel.Server.Http;

/// <summary>How one API words what is no business of its operations: wrong routes and verbs, bodies that are too large or of a
/// wrong type, and failures. One per dialect, chosen by the request's path.</summary>
internal interface IErrorShape
{
    bool Covers(PathString path);

    /// <summary>Writes the body for a status that has none yet.</summary>
    /// <param name="context">Its response has not started.</param>
    /// <param name="status">400, 401, 404, 405, 413, 415, 429, 500 or 503.</param>
    /// <param name="detail">An English sentence for a developer that leaks nothing internal; null for the status's usual one.</param>
    Task Write(HttpContext context, int status, string? detail);
}

/// <summary>A request that is refused before any operation sees it.</summary>
internal sealed class BadRequestException(string message, int status = StatusCodes.Status400BadRequest, string? field = null) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>The member or parameter at fault, if one is known.</summary>
    public string? Field { get; } = field;
}
