using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Laurel.Tests.Harness;

/// <summary>An event as a browser's EventSource would dispatch it.</summary>
internal sealed record ServerSentEvent(string Type, string? Id, string Data)
{
    public JsonNode Json => JsonNode.Parse(Data)!;
}

/// <summary>Reads server-sent events as WHATWG HTML §9.2.6 says, one connection long.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage response, StreamReader lines, string? lastEventId) => (_response, _lines, LastEventId) = (response, lines, lastEventId);

    public HttpResponseMessage Response => _response;

    /// <summary>What a browser would send when it comes back.</summary>
    public string? LastEventId { get; private set; }

    /// <summary>In milliseconds.</summary>
    public int? Retry { get; private set; }

    public int Comments { get; private set; }

    /// <summary>Opens a stream; the response must be 200.</summary>
    public static async Task<EventReader> Open(HttpClient client, string path, string key, string? lastEventId = null, CancellationToken ct = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        try
        {
            if (!response.IsSuccessStatusCode)
            {
                throw new HttpRequestException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}", null, response.StatusCode);
            }
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync(ct), new UTF8Encoding(false, true)), lastEventId);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<ServerSentEvent?> Next(CancellationToken ct = default)
    {
        var (type, data) = ("message", (StringBuilder?)null);
        while (await _lines.ReadLineAsync(ct) is { } line)
        {
            if (line.Length == 0)
            {
                if (data is not null)
                {
                    return new ServerSentEvent(type, LastEventId, data.ToString());
                }
                type = "message";
                continue;
            }
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var (field, value) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (field)
            {
                case "":
                    Comments++;
                    break;
                case "event":
                    type = value;
                    break;
                case "data":
                    data = data is null ? new StringBuilder(value) : data.Append('\n').Append(value);
                    break;
                case "id":
                    LastEventId = value;
                    break;
                case "retry":
                    Retry = int.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
                    break;
            }
        }
        return null;
    }

    /// <summary>So many events, which must come.</summary>
    public async Task<List<ServerSentEvent>> Take(int count)
    {
        var ct = TestContext.Current.CancellationToken;
        var events = new List<ServerSentEvent>(count);
        while (events.Count < count)
        {
            events.Add(await Next(ct).WaitAsync(TimeSpan.FromMinutes(2), ct) ?? throw new IOException($"The stream ended after {events.Count} of {count} events."));
        }
        return events;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
