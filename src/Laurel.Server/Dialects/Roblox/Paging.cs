using System.Buffers.Binary;
using Laurel.Core.Access;
using Laurel.Core.Awards;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>A list: whose, and of what kind of owner. Part of what a cursor is bound to.</summary>
internal readonly record struct ListName(string OwnerKind, long Owner);

/// <summary>What page of a list is asked for. A cursor is authenticated and good for this list, order and size only.</summary>
internal readonly record struct PageRequest(int Limit, bool Ascending, Position From, bool Forward, bool HasCursor)
{
    private const int CursorLength = 17;
    private static readonly RobloxError BadLimit = RobloxError.Parameter("limit", "Allowed values: 10, 25, 50, 100");
    private static readonly RobloxError BadOrder = RobloxError.Parameter("sortOrder", "Allowed values: Asc, Desc");

    /// <summary>Whether rows are read in rising order.</summary>
    public bool ReadsAscending => Ascending == Forward;

    /// <param name="query">The request's.</param>
    /// <param name="list">Names the list and its owner.</param>
    /// <param name="tokens">Authenticate cursors.</param>
    /// <param name="page">What is asked for.</param>
    /// <returns>Null, or the error to answer.</returns>
    public static RobloxError? TryRead(IQueryCollection query, ListName list, SignedTokens tokens, out PageRequest page)
    {
        page = default;
        if (!TryLimit(query["limit"].ToString(), out var limit))
        {
            return BadLimit;
        }
        if (!TryOrder(query["sortOrder"].ToString(), out var ascending))
        {
            return BadOrder;
        }
        var cursor = query["cursor"].ToString();
        if (cursor.Length == 0)
        {
            page = new PageRequest(limit, ascending, ascending ? Position.First : Position.Last, Forward: true, HasCursor: false);
            return null;
        }
        Span<byte> payload = stackalloc byte[SignedTokens.MaxPayload];
        if (!tokens.TryOpen(cursor, Context(list, limit, ascending), payload, out var length) || length != CursorLength)
        {
            return RobloxError.CursorInvalid;
        }
        var from = new Position(BinaryPrimitives.ReadInt64LittleEndian(payload[1..]), BinaryPrimitives.ReadInt64LittleEndian(payload[9..]));
        page = new PageRequest(limit, ascending, from, payload[0] != 0, HasCursor: true);
        return null;
    }

    private static bool TryLimit(string text, out int limit)
    {
        limit = text switch { "" or "10" => 10, "25" => 25, "50" => 50, "100" => 100, _ => 0 };
        return limit != 0;
    }

    private static bool TryOrder(string text, out bool ascending)
    {
        ascending = text.Length == 0 || text.Equals("Asc", StringComparison.OrdinalIgnoreCase);
        return ascending || text.Equals("Desc", StringComparison.OrdinalIgnoreCase);
    }

    private static string Context(ListName list, int limit, bool ascending) =>
        $"{list.OwnerKind}/{list.Owner}/badges?{limit}{(ascending ? "+" : "-")}";

    /// <summary>The cursors before and after a page of what was read: one more than the limit, if there is more.</summary>
    /// <param name="read">Rows in the order they were read; cut to the page and turned to the list's order.</param>
    /// <param name="position">Of a row.</param>
    /// <param name="list">Names the list and its owner.</param>
    /// <param name="tokens">Authenticate cursors.</param>
    public (string? Previous, string? Next) Cut<T>(List<T> read, Func<T, Position> position, ListName list, SignedTokens tokens)
    {
        var more = read.Count > Limit;
        if (more)
        {
            read.RemoveAt(read.Count - 1);
        }
        if (!Forward)
        {
            read.Reverse();
        }
        // Where the cursor came from there is at least the row it names; with no row left on this side, it is pointed at inclusively.
        var before = read.Count > 0 ? position(read[0]) : Inclusive(forward: false);
        var after = read.Count > 0 ? position(read[^1]) : Inclusive(forward: true);
        return (
            (Forward ? HasCursor : more) ? Seal(before, forward: false, list, tokens) : null,
            (Forward ? more : true) ? Seal(after, forward: true, list, tokens) : null);
    }

    private Position Inclusive(bool forward) => new(From.At, forward == Ascending ? From.Id - 1 : From.Id + 1);

    private string Seal(Position position, bool forward, ListName list, SignedTokens tokens)
    {
        Span<byte> payload = stackalloc byte[CursorLength];
        payload[0] = forward ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt64LittleEndian(payload[1..], position.At);
        BinaryPrimitives.WriteInt64LittleEndian(payload[9..], position.Id);
        return tokens.Seal(payload, Context(list, Limit, Ascending));
    }
}
