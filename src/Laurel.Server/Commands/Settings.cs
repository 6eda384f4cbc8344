using System.Collections;
using System.CommandLine;
using System.Text;
using Laurel.Core;

namespace Laurel.Server.Commands;

/// <summary>Where a setting comes from, the first that has it: its option, the environment variable <c>LAUREL_…</c>, the section
/// <c>Laurel</c> of appsettings.json (or its variables <c>Laurel__…</c>). <c>--open-dialects</c> is <c>LAUREL_OPEN_DIALECTS</c> is
/// <c>Laurel:OpenDialects</c>. Lists are separated by commas, or arrays in JSON.</summary>
internal sealed class Settings
{
    private const string Prefix = "LAUREL_";

    private const string Section = "Laurel";

    private readonly IConfigurationRoot _root;
    private readonly IConfigurationSection _section;

    private Settings(IConfigurationRoot root) => (_root, _section) = (root, root.GetSection(Section));

    /// <exception cref="UsageException">appsettings.json is not JSON.</exception>
    public static Settings Read()
    {
        try
        {
            return new(new ConfigurationBuilder()
                .SetBasePath(Directory.GetCurrentDirectory())
                .AddJsonFile("appsettings.json", optional: true, reloadOnChange: false)
                .AddEnvironmentVariables()
                .AddInMemoryCollection(FromEnvironment(Environment.GetEnvironmentVariables()))
                .Build());
        }
        catch (InvalidDataException malformed)
        {
            throw new UsageException($"appsettings.json cannot be read. {(malformed.InnerException ?? malformed).Message}");
        }
    }

    internal static Settings From(IDictionary environment) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(FromEnvironment(environment)).Build());

    // LAUREL_OPEN_DIALECTS becomes Laurel:OpenDialects.
    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment(IDictionary environment) =>
        from DictionaryEntry variable in environment
        let name = (string)variable.Key
        where name.StartsWith(Prefix, StringComparison.Ordinal)
        select KeyValuePair.Create($"{Section}:" + name[Prefix.Length..].Replace("_", "", StringComparison.Ordinal), (string?)variable.Value);

    /// <summary>The option's value, or the setting of its name; null where neither is given.</summary>
    public string? Text(ParseResult line, Option<string?> option)
    {
        var value = line.GetValue(option) ?? Text(Name(option));
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }

    public string? Text(string name) => _section[name];

    /// <exception cref="UsageException">It is neither true nor false.</exception>
    public bool Flag(ParseResult line, Option<bool> option) => line.GetValue(option) || Text(Name(option)) switch
    {
        null or "" or "0" => false,
        "1" => true,
        var text => bool.TryParse(text, out var flag) ? flag : throw new UsageException($"{Name(option)} is true or false."),
    };

    /// <exception cref="UsageException">It is not a number of at least 0.</exception>
    public int? Number(ParseResult line, Option<int?> option)
    {
        var text = Text(Name(option));
        return (line.GetValue(option), text) switch
        {
            ( >= 0 and var given, _) => given,
            (null, null or "") => null,
            (null, _) when int.TryParse(text, out var number) && number >= 0 => number,
            _ => throw new UsageException($"{option.Name} is a number of at least 0."),
        };
    }

    /// <exception cref="UsageException">It is not a duration.</exception>
    public TimeSpan? Time(ParseResult line, Option<string?> option) => Text(line, option) switch
    {
        null => null,
        // Longer than that no TimeSpan is.
        var text when Duration.TryParse(text, out var micros) && micros <= TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond =>
            new TimeSpan(micros * TimeSpan.TicksPerMicrosecond),
        _ => throw new UsageException($"{option.Name} is a duration, like P30D or PT36H."),
    };

    public IReadOnlyList<string> List(ParseResult line, Option<string[]> option)
    {
        var given = line.GetValue(option) is { Length: > 0 } values ? values
            : Text(Name(option)) is { } text ? [text]
            : [.. _section.GetSection(Name(option)).GetChildren().Select(child => child.Value ?? "")];
        return [.. given.SelectMany(each => each.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>Where the settings of these options come from, by name; those that are at their default are not among them.</summary>
    public Dictionary<string, SettingSource> Sources(ParseResult line, IEnumerable<Option> options)
    {
        var sources = new Dictionary<string, SettingSource>();
        foreach (var option in options)
        {
            if (IsGiven(line, option))
            {
                sources[Name(option)] = SettingSource.CommandLine;
            }
            else if (Source(Name(option)) is { } source)
            {
                sources[Name(option)] = source;
            }
        }
        return sources;
    }

    // A flag that the line says no to is looked for elsewhere too.
    private static bool IsGiven(ParseResult line, Option option) =>
        option is Option<bool> flag ? line.GetValue(flag) : line.GetResult(option) is { Implicit: false };

    /// <summary>Where a setting comes from that is no option's, or that the line does not give; null where nobody gives it.</summary>
    public SettingSource? Source(string name)
    {
        var path = $"{Section}:{name}";
        foreach (var provider in _root.Providers.Reverse())
        {
            if (provider.TryGet(path, out var value) || provider.GetChildKeys([], path).Any())
            {
                return value is not null && string.IsNullOrWhiteSpace(value) ? null
                    : provider is FileConfigurationProvider ? SettingSource.File
                    : SettingSource.Environment;
            }
        }
        return null;
    }

    /// <summary><c>--open-dialects</c> is OpenDialects.</summary>
    private static string Name(Option option)
    {
        var name = new StringBuilder();
        foreach (var word in option.Name.Split('-', StringSplitOptions.RemoveEmptyEntries))
        {
            name.Append(char.ToUpperInvariant(word[0])).Append(word.AsSpan(1));
        }
        return name.ToString();
    }
}
