namespace Laurel.Core.Statistics;

/// <summary>A number for every user that moves with each award of theirs that is made or taken back, by whichever process: what was
/// computed from a user's awards at one is good until the next. Read it before them. In fixed memory: users share numbers, so that
/// one may move for another's sake.</summary>
internal sealed class AwardStamps
{
    private const int Bits = 18;

    private readonly long[] _stamps = new long[1 << Bits];

    public long Of(long userId) => Volatile.Read(ref _stamps[Slot(userId)]);

    public void Move(long userId) => Interlocked.Increment(ref _stamps[Slot(userId)]);

    private static int Slot(long userId) => (int)(unchecked((ulong)userId * 0x9E3779B97F4A7C15UL) >> (64 - Bits));
}
