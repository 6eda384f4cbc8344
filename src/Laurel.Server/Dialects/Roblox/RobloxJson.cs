using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using Laurel.Core;
using Microsoft.Net.Http.Headers;

namespace Laurel.Server.Dialects.Roblox;

/// <summary>Writes answers: one buffer, a known length, the media type the client prefers.</summary>
internal static class RobloxJson
{
    private const string Json = "application/json; charset=utf-8";
    private const string TextJson = "text/json; charset=utf-8";

    /// <summary>Letters as they are: only what JSON itself reserves is escaped, and what lies beyond the basic plane.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    private const int MomentLength = 27;

    public static readonly byte[] Empty = "{}"u8.ToArray();

    public static Task Write(HttpContext context, RobloxError error)
    {
        context.Response.StatusCode = error.Status;
        return Write(context, error.Body);
    }

    public static Task Write(HttpContext context, ReadOnlySpan<byte> body)
    {
        var response = context.Response;
        response.ContentType = PrefersTextJson(context.Request) ? TextJson : Json;
        response.ContentLength = body.Length;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return Task.CompletedTask;
        }
        response.BodyWriter.Write(body);
        return response.BodyWriter.FlushAsync(context.RequestAborted).AsTask();
    }

    /// <summary>Writes what was put together and gives its memory back before the answer is sent: by then it was copied.</summary>
    public static Task WriteAndRelease(HttpContext context, RobloxBuffer buffer)
    {
        var written = Write(context, buffer.Written);
        buffer.Dispose();
        return written;
    }

    // Never 406: what cannot be had is answered in JSON all the same.
    private static bool PrefersTextJson(HttpRequest request)
    {
        var accept = request.Headers.Accept;
        if (accept.Count == 0 || !accept.ToString().Contains("text/json", StringComparison.OrdinalIgnoreCase)
            || !MediaTypeHeaderValue.TryParseList(accept, out var ranges))
        {
            return false;
        }
        // Of equal weight, the first named; an exact type before a range.
        MediaTypeHeaderValue? best = null;
        foreach (var range in ranges)
        {
            if (Matches(range) && (best is null || (range.Quality ?? 1) > (best.Quality ?? 1)))
            {
                best = range;
            }
        }
        return best?.MediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase) == true;
    }

    private static bool Matches(MediaTypeHeaderValue range) =>
        range.Quality != 0 && (range.MediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase)
            || range.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));

    /// <summary>Appends a number in digits.</summary>
    public static void Append(this RobloxBuffer buffer, long number)
    {
        Utf8Formatter.TryFormat(number, buffer.GetSpan(20), out var written);
        buffer.Advance(written);
    }

    /// <summary>Appends a fraction in its shortest form.</summary>
    public static void Append(this RobloxBuffer buffer, double number)
    {
        Utf8Formatter.TryFormat(number, buffer.GetSpan(32), out var written);
        buffer.Advance(written);
    }

    /// <summary>Appends a moment as <c>2020-11-15T18:51:30.604064Z</c>, from microseconds since 1970 UTC.</summary>
    public static void AppendMoment(this RobloxBuffer buffer, long micros)
    {
        // The round-trip form has a seventh digit, always 0 here, where the Z belongs.
        var text = buffer.GetSpan(MomentLength + 1);
        Utf8Formatter.TryFormat(Clock.ToTime(micros).UtcDateTime, text, out _, 'O');
        text[MomentLength - 1] = (byte)'Z';
        buffer.Advance(MomentLength);
    }

    /// <summary>A moment as <c>2022-03-08T08:32:52.703+00:00</c>, from microseconds since 1970 UTC.</summary>
    public static string OffsetMoment(long micros) => Clock.ToTime(micros).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+00:00'");
}
