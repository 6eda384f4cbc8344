namespace Laurel.Server.Commands.Demo;

/// <summary>The demo's texts, compiled into the program: sections under a name in brackets, '#' begins a comment.</summary>
internal static class DemoText
{
    /// <summary>The lines of each section of an embedded file of this folder.</summary>
    public static Dictionary<string, List<string>> Sections(string file)
    {
        var assembly = typeof(DemoText).Assembly;
        using var stream = assembly.GetManifestResourceStream($"Laurel.Server.Commands.Demo.{file}")!;
        using var reader = new StreamReader(stream);
        var sections = new Dictionary<string, List<string>>();
        List<string>? section = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
            {
                sections.Add(line.Trim('[', ']'), section = []);
            }
            else if (line.Length > 0 && !line.StartsWith('#'))
            {
                section!.Add(line);
            }
        }
        return sections;
    }
}
