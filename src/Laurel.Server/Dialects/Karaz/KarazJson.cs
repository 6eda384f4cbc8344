using System.Text.Encodings.Web;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>What all answers have in common.</summary>
internal static class KarazJson
{
    /// <summary>Arabic goes out as it is: only what JSON itself reserves is escaped, and what lies beyond the basic plane.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    /// <summary>Says what comes. Everything here is about one user: nobody keeps it.</summary>
    public static void Begin(HttpResponse response, long length)
    {
        response.Headers.CacheControl = "private, no-store";
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = length;
    }
}
