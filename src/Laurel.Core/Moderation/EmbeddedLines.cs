namespace Laurel.Core.Moderation;

/// <summary>Text resources of this assembly, line by line.</summary>
internal static class EmbeddedLines
{
    public static IEnumerable<string> Read(string resource)
    {
        using var stream = typeof(EmbeddedLines).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The resource {resource} is not built in.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
