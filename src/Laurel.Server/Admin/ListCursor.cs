using System.Buffers.Binary;
using System.Globalization;
using Laurel.Core.Access;
using Laurel.Core.Awards;
using Microsoft.AspNetCore.Http.Extensions;

namespace Laurel.Server.Admin;

/// <summary>Where a page of a list begins, in its address (<c>cursor</c>) and sealed as the native API's are. Whatever is no cursor of the
/// list is its first page.</summary>
internal static class ListCursor
{
    private const string Parameter = "cursor";

    /// <summary>Behind which id; null for the first page.</summary>
    /// <param name="list">Which list, of whom: a cursor is good for its own list only.</param>
    public static long? Id(AdminCall call, string list) =>
        Text(call, list) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Behind which time and id; null for the first page.</summary>
    public static Position? Position(AdminCall call, string list) => Bytes(call, list) is { Length: 2 * sizeof(long) } bytes
        ? new Position(BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(sizeof(long))))
        : null;

    /// <summary>Behind which name; null for the first page.</summary>
    public static string? Text(AdminCall call, string list) => Bytes(call, list) is { } bytes ? System.Text.Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Behind which award of a badge; null for the first page.</summary>
    public static AwardKey? Award(AdminCall call, string list) => Bytes(call, list) is { } bytes ? AwardKey.Read(bytes) : null;

    /// <summary>Behind which removed award; null for the first page.</summary>
    public static RemovedPosition? Removed(AdminCall call, string list) => Bytes(call, list) is { } bytes ? RemovedPosition.Read(bytes) : null;

    private static byte[]? Bytes(AdminCall call, string list)
    {
        Span<byte> payload = stackalloc byte[SignedTokens.MaxPayload];
        return call.Query(Parameter) is { } cursor && call.Core.Tokens.TryOpen(cursor, list, payload, out var length) ? payload[..length].ToArray() : null;
    }

    /// <summary>The address of the page behind a name or an id.</summary>
    public static string After(AdminCall call, string list, string last) => Address(call, list, System.Text.Encoding.UTF8.GetBytes(last));

    /// <summary>The address of the page behind a time and id.</summary>
    public static string After(AdminCall call, string list, Position last)
    {
        var bytes = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, last.At);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(long)), last.Id);
        return Address(call, list, bytes);
    }

    /// <summary>The address of the page behind an award of a badge.</summary>
    public static string After(AdminCall call, string list, AwardKey last) => Address(call, list, last.ToBytes());

    /// <summary>The address of the page behind a removed award.</summary>
    public static string After(AdminCall call, string list, RemovedPosition last) => Address(call, list, last.ToBytes());

    private static string Address(AdminCall call, string list, byte[] position) => With(call.Path, Parameter, call.Core.Tokens.Seal(position, list));

    /// <summary>The first page; null where this is it.</summary>
    public static string? First(AdminCall call) => call.Query(Parameter) is null ? null : call.Path;

    /// <summary>An address with the parameters that are set.</summary>
    public static string With(string path, params (string Name, object? Value)[] parameters) =>
        parameters.Aggregate(path, (address, parameter) => parameter.Value is null ? address : With(address, parameter.Name, string.Create(CultureInfo.InvariantCulture, $"{parameter.Value}")));

    private static string With(string path, string name, string value) =>
        path + new QueryBuilder { { name, value } }.ToString().Replace('?', path.Contains('?', StringComparison.Ordinal) ? '&' : '?');
}
