namespace Laurel.Server.Http;

/// <summary>Absolute addresses in answers: under the address that the operator names, else under that of the request.</summary>
internal sealed class PublicAddress(ServerOptions options)
{
    private readonly string? _root = options.PublicUrl?.GetLeftPart(UriPartial.Authority);

    /// <param name="path">From the root of this server.</param>
    public string Of(HttpRequest request, string path) => _root is null ? $"{request.Scheme}://{request.Host}{path}" : _root + path;
}
