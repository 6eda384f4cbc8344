namespace Laurel.Server.Http;

/// <summary>Counts what this process could not answer as it should have: with a status of 500 and above.</summary>
internal sealed class FailedAnswers
{
    private long _count;

    /// <summary>Since the process began.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Add() => Interlocked.Increment(ref _count);
}
