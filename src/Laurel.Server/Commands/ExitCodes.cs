namespace Laurel.Server.Commands;

/// <summary>How a command ended. Documented in docs/operations.md and in <c>--help</c>: numbers never change.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>The command could not do what was asked, or the doctor found differences.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a setting is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The database cannot be reached, or its schema is not this version's.</summary>
    public const int Database = 3;

    public const string Help = "Exit codes: 0 done, 1 failed or differences found, 2 wrong use, 3 database unavailable or of another version.";
}

/// <summary>A wrong command line or setting: <see cref="ExitCodes.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command could not do what was asked: <see cref="ExitCodes.Failed"/>.</summary>
internal sealed class CommandFailedException(string message) : Exception(message);
