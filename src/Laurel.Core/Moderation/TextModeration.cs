using System.Buffers;
using System.Text;

namespace Laurel.Core.Moderation;

/// <summary>A word list, and whether a text holds one of its words. Words match whole, so "Scunthorpe" passes, and as they
/// are read, not as they are spelled: case, accents, styles, look-alikes, digits and symbols for letters, invisible
/// characters and letters set apart make no difference. Linear in the text's length. Immutable, safe for concurrent use.</summary>
public sealed class TextModeration
{
    private static readonly Lazy<TextModeration> Default = new(() => FromLines(EmbeddedLines.Read("Laurel.Core.Moderation.words.txt")));

    private readonly SearchValues<string> phrases;

    private TextModeration(string[] phrases) => this.phrases = SearchValues.Create(phrases, StringComparison.Ordinal);

    /// <summary>The list that comes with Laurel: short, moderate, English and Arabic.</summary>
    public static TextModeration BuiltIn => Default.Value;

    /// <summary>A configured list instead of the built-in one, in the form <see cref="FromLines"/> reads, in UTF-8.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="DecoderFallbackException">The file is not UTF-8.</exception>
    /// <exception cref="FormatException">A line holds no letter or digit.</exception>
    public static TextModeration FromFile(string path) =>
        FromLines(File.ReadLines(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)));

    /// <summary>A list of one word or phrase per line. Blank lines and those that begin with '#' are skipped; an empty list
    /// allows everything.</summary>
    /// <exception cref="FormatException">A line holds no letter or digit, so it could never match.</exception>
    public static TextModeration FromLines(IEnumerable<string> lines)
    {
        var skeletons = new HashSet<string>();
        foreach (var (index, line) in lines.Index())
        {
            var phrase = line.Trim();
            if (phrase.Length == 0 || phrase[0] == '#')
            {
                continue;
            }

            var skeleton = Skeleton.OfPhrase(phrase);
            if (skeleton == " ")
            {
                throw new FormatException($"Line {index + 1} of the word list holds no letter or digit: it could never match.");
            }

            skeletons.Add(skeleton);
        }

        return new TextModeration([.. skeletons]);
    }

    /// <summary>Whether the text holds no word or phrase of the list. Total: any string has an answer.</summary>
    public bool Allows(string text) => !Skeleton.OfText(text).AsSpan().ContainsAny(phrases);
}
