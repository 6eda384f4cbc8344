using System.Threading.RateLimiting;
using Laurel.Core;
using Laurel.Core.Storage;
using Laurel.Server.Admin;
using Laurel.Server.Dialects.AISquare;
using Laurel.Server.Dialects.AnswerHub;
using Laurel.Server.Dialects.Karaz;
using Laurel.Server.Dialects.Perfumer;
using Laurel.Server.Dialects.Roblox;
using Laurel.Server.Http;
using Laurel.Server.Media;
using Laurel.Server.Native;
using Laurel.Server.Pages;

namespace Laurel.Server;

/// <summary>Puts the server together: the core, Kestrel, the dialects.</summary>
internal static class ServerHost
{
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(20);

    /// <summary>Serves until the process is told to stop; then drains and answers the exit code.</summary>
    public static async Task<int> Run(ServerOptions options, CancellationToken ct)
    {
        var app = await Build(options, TimeProvider.System);
        await using (app)
        {
            await app.StartAsync(ct);
            await app.WaitForShutdownAsync(ct);
        }
        return Environment.ExitCode;
    }

    /// <summary>An application ready to start; disposing it drains the ledger and closes the database.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be reached.</exception>
    public static async Task<WebApplication> Build(ServerOptions options, TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Urls.Split([';', ','], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        builder.WebHost.UseKestrelHttpsConfiguration();
        ConfigureKestrel(builder, options);
        ConfigureLogging(builder, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTime);

        var stopping = new Stopping();
        var core = await LaurelCore.Open(
            new CoreOptions(new DatabaseOptions(options.Database) { Partitions = options.Partitions, Synchronous = options.Synchronous })
            {
                AdministratorKey = options.AdministratorKey,
                ModerationFile = options.ModerationFile,
                Lateness = options.ActionLateness,
                ActionRetention = options.ActionRetention,
                MaximumSubscribers = options.MaximumSubscribers,
            },
            time, stopping, stopping.Die);
        // Created by the container, so that it is disposed with it, after the last request.
        builder.Services.AddSingleton(_ => core);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<OpenCalls>();
        builder.Services.AddSingleton<FailedAnswers>();
        // Its errors are asked for first: within Roblox's /v2 it has a folder of its own.
        builder.Services.AddKaraz();
        builder.Services.AddAISquare();
        builder.Services.AddRoblox();
        builder.Services.AddAnswerHub();
        builder.Services.AddPerfumer(options.PerfumerOrigins);
        builder.Services.AddNative();
        builder.Services.AddMedia();
        builder.Services.AddPages();
        builder.Services.AddAdmin();
        if (options.RequestsPerSecond > 0)
        {
            AddRateLimit(builder.Services, options.RequestsPerSecond);
        }

        var app = builder.Build();
        stopping.Use(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Laurel.Core"));
        // Resolved once: a singleton that nobody asked for would not be disposed.
        _ = app.Services.GetRequiredService<LaurelCore>();
        app.UseMiddleware<ErrorShaping>();
        if (options.RequestsPerSecond > 0)
        {
            app.UseRateLimiter();
        }
        app.UseApiDocuments();
        app.MapHealth(core, app.Lifetime);
        app.MapKaraz();
        app.MapAISquare();
        app.MapRoblox();
        app.MapAnswerHub();
        app.MapPerfumer(options.PerfumerOrigins);
        app.MapNative();
        app.MapMedia();
        app.MapPages();
        app.MapAdmin();
        return app;
    }

    private static void ConfigureKestrel(WebApplicationBuilder builder, ServerOptions options) => builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Bodies.Limit;
        kestrel.Limits.MaxConcurrentConnections = options.MaximumConnections;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
    });

    private static void ConfigureLogging(WebApplicationBuilder builder, ServerOptions options)
    {
        builder.Logging.ClearProviders();
        if (options.JsonLogs)
        {
            builder.Logging.AddJsonConsole(json => json.UseUtcTimestamp = true);
        }
        else
        {
            builder.Logging.AddSimpleConsole(text => text.SingleLine = true);
        }
        // The framework's request lines hold query strings, and those may hold anything.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // Form keys lie in the database as they are: who reads it needs no form.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        // It would make an activity and a scope of every request; what fails is logged by ErrorShaping.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
    }

    private static void AddRateLimit(IServiceCollection services, int requestsPerSecond) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetTokenBucketLimiter(
            context.Connection.RemoteIpAddress?.ToString() ?? "", _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = requestsPerSecond,
                TokensPerPeriod = requestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }));
    });

    /// <summary>Takes the core's reports before there is a log, and its word that the process must end.</summary>
    private sealed class Stopping : ILogger
    {
        private ILogger? _log;

        public void Use(ILogger log) => _log = log;

        // A writer that broke cannot be mended in place: the process ends and is restarted clean.
        public void Die(Exception cause)
        {
            _log?.LogCritical(cause, "The process ends: {Cause}", cause.Message);
            Environment.FailFast(cause.Message, cause);
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => _log?.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => _log?.IsEnabled(logLevel) ?? true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _log?.Log(logLevel, eventId, state, exception, formatter);
    }
}
