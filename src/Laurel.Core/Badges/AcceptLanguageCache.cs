using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core.Badges;

/// <summary>The headers seen last. Direct-mapped: a header has one slot, and a newcomer takes it. So it is bounded, needs no
/// lock, and strangers who send noise can slow it but neither fill nor freeze it.</summary>
internal static class AcceptLanguageCache
{
    private const int Slots = 256;
    private const int MaxHeaderLength = 200;
    private static readonly Entry?[] Entries = new Entry?[Slots];

    public static bool TryGet(string header, [NotNullWhen(true)] out AcceptLanguage? parsed)
    {
        parsed = header.Length <= MaxHeaderLength && Volatile.Read(ref Slot(header)) is { } entry && entry.Header == header
            ? entry.Parsed
            : null;
        return parsed is not null;
    }

    public static void Add(string header, AcceptLanguage parsed)
    {
        if (header.Length <= MaxHeaderLength)
        {
            Volatile.Write(ref Slot(header), new Entry(header, parsed));
        }
    }

    // String hashes are seeded per process, so nobody outside can aim at a slot.
    private static ref Entry? Slot(string header) => ref Entries[(uint)header.GetHashCode(StringComparison.Ordinal) % Slots];

    private sealed record Entry(string Header, AcceptLanguage Parsed);
}
