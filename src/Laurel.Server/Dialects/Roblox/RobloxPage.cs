using System.Buffers;
using System.Text;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>A page of badges: both cursors, null but never missing, and the data.</summary>
internal static class RobloxPage
{
    public static async Task Write(
        HttpContext context, (string? Previous, string? Next) cursors, List<BadgeView> badges, BadgeViews views, bool withUniverse)
    {
        using var buffer = new RobloxBuffer(256 + (badges.Count * 1024));
        buffer.Write("{\"previousPageCursor\":"u8);
        Append(buffer, cursors.Previous);
        buffer.Write(",\"nextPageCursor\":"u8);
        Append(buffer, cursors.Next);
        buffer.Write(",\"data\":["u8);
        for (var i = 0; i < badges.Count; i++)
        {
            if (i > 0)
            {
                buffer.Write(","u8);
            }
            views.Append(buffer, badges[i], await views.Awarded(badges[i]), withUniverse);
        }
        buffer.Write("]}"u8);
        await RobloxJson.Write(context, buffer.Written);
    }

    // Base64url: nothing to escape.
    private static void Append(RobloxBuffer buffer, string? cursor)
    {
        if (cursor is null)
        {
            buffer.Write("null"u8);
            return;
        }
        buffer.Write("\""u8);
        buffer.Advance(Encoding.ASCII.GetBytes(cursor, buffer.GetSpan(cursor.Length)));
        buffer.Write("\""u8);
    }
}
