using Laurel.Core.Access;
using Laurel.Core.Badges;
using Laurel.Core.Live;
using Laurel.Core.Storage;
using Laurel.Server.Http;
using Laurel.Server.Media;

namespace Laurel.Server.Native;

/// <summary>Awards, removals and corrections as they are committed. Read with any key, as awards are. Contract: docs/stream.md. Wire
/// types: StreamJson.cs</summary>
internal static class StreamEndpoint
{
    private const string LastEventId = "Last-Event-ID";

    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(15);

    public static void MapStream(this IEndpointRouteBuilder native) => native.Get("/stream", Stream);

    /// <summary>Answers with the stream, to whoever <see cref="NativeCall.CallerNow"/> is.</summary>
    /// <exception cref="InvalidParameterException">The query is not what it must be.</exception>
    internal static async Task<NativeAnswer> Stream(NativeCall call)
    {
        var reader = new Reader(call);
        var services = call.Http.RequestServices;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(
            call.Aborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        using var subscription = await call.Core.Live.Subscribe(Place(call), ends.Token);
        if (subscription is null)
        {
            call.Http.Response.Headers.RetryAfter = "5";
            return NativeProblem.Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "As many as may read the stream at once do so already.");
        }
        try
        {
            await reader.Serve(subscription, ends.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or StorageUnavailableException)
        {
            // The stream ends: whoever reads it comes back, perhaps to another server, and goes on.
        }
        finally
        {
            await ends.CancelAsync();
        }
        return NativeAnswer.Streamed;
    }

    // A browser's first request cannot carry the header; its later ones do, and it is the newer then.
    private static string? Place(NativeCall call) =>
        call.Http.Request.Headers[LastEventId] is { Count: > 0 } header ? header.ToString() : call.Query("lastEventId");

    private sealed class Reader
    {
        private readonly NativeCall _call;
        private readonly StreamFilter _filter;
        private readonly AcceptLanguage _wish;
        private readonly PublicAddress _address;
        private readonly EventStream _stream;
        private Task _heartbeat = Task.CompletedTask;

        public Reader(NativeCall call)
        {
            _call = call;
            _filter = new StreamFilter(call.Http.Request.Query);
            _wish = Wish(call);
            _address = call.Http.RequestServices.GetRequiredService<PublicAddress>();
            _stream = new EventStream(call.Http, call.Core.Time);
        }

        private static AcceptLanguage Wish(NativeCall call) => call.Query("locale") switch
        {
            null => AcceptLanguage.Parse(call.Http.Request.Headers.AcceptLanguage),
            var tag when LocaleTag.IsWellFormed(tag) => AcceptLanguage.Parse(tag),
            _ => throw new InvalidParameterException("locale", "A locale is a language tag, like ar or pt-BR."),
        };

        public async Task Serve(LiveSubscription subscription, CancellationToken ends)
        {
            _stream.Begin();
            // Whoever is cut off before the first event has a place to go on from.
            _stream.Mark(subscription.Place.ToString());
            var isThere = await _stream.Send();
            while (isThere)
            {
                var place = subscription.Place;
                var next = subscription.Next(ends);
                while (isThere && await Task.WhenAny(next, Heartbeat(ends)) != next)
                {
                    ends.ThrowIfCancellationRequested();
                    // What was left out is not to be read again.
                    _stream.Mark(place.ToString());
                    _stream.Heartbeat();
                    isThere = await _call.CallerNow() is not null && await _stream.Send();
                }
                isThere = isThere && await Tell(await next);
            }
        }

        private Task Heartbeat(CancellationToken ends) =>
            _heartbeat.IsCompleted ? _heartbeat = Task.Delay(HeartbeatEvery, _call.Core.Time, ends) : _heartbeat;

        private async ValueTask<bool> Tell(LiveBatch batch)
        {
            if (batch.Reset is { } reset)
            {
                var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                    StreamResetJson.From(reset, batch.Behind), NativeJson.Strict.StreamResetJson);
                return await _stream.Event(StreamResetJson.Name, batch.Behind.ToString(), json) && await _stream.Send();
            }
            Caller? caller = null;
            foreach (var each in batch.Events.Where(_filter.MayMatch))
            {
                // A key that was revoked since gets nothing more.
                caller ??= await _call.CallerNow();
                if (caller is null || !await Tell(each, caller))
                {
                    return false;
                }
            }
            return caller is null || await _stream.Send();
        }

        private async ValueTask<bool> Tell(LiveEvent each, Caller caller)
        {
            var badge = await _call.Core.Badges.Find(each.BadgeId);
            if (!_filter.Matches(badge?.IssuerId))
            {
                return true;
            }
            var face = badge is null ? null : await Face(badge, caller);
            var json = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                StreamEventJson.From(each, badge?.IssuerId, face), NativeJson.Strict.StreamEventJson);
            return await _stream.Event(StreamEventJson.Word(each.Kind), each.Id.ToString(), json);
        }

        private async ValueTask<StreamBadgeJson> Face(Badge badge, Caller caller)
        {
            var seen = await _call.Core.Badges.AsSeenBy(badge, caller);
            var icon = IconPaths.Of(seen, masked: !ReferenceEquals(seen, badge));
            return StreamBadgeJson.From(seen, _wish, _address.Of(_call.Http.Request, icon));
        }
    }
}
