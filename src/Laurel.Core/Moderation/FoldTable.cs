using System.Collections.Frozen;
using System.Globalization;

namespace Laurel.Core.Moderation;

/// <summary>What characters beyond ASCII read as in plain letters and digits: accents and styles removed, case folded,
/// look-alikes of other alphabets replaced. The process is culture-invariant, and there the runtime's own normalization
/// returns every text unchanged; so the table comes with us (folds.txt, written by folds.py). It covers what reads as Latin,
/// Greek, Cyrillic, Arabic, Hebrew or a digit; a word list in another script matches letters as they are encoded.</summary>
internal static class FoldTable
{
    private const string Resource = "Laurel.Core.Moderation.folds.txt";
    private static readonly FrozenDictionary<int, string> Folds = Load();

    /// <summary>The plain text of a scalar value, or null when lower-casing is all it needs.</summary>
    public static string? Find(int scalar) => Folds.GetValueOrDefault(scalar);

    private static FrozenDictionary<int, string> Load()
    {
        var folds = new Dictionary<int, string>();
        foreach (var line in EmbeddedLines.Read(Resource).Where(l => !l.StartsWith('#')))
        {
            var fields = line.Split(' ');
            foreach (var range in fields.Skip(1))
            {
                var ends = range.Split('-');
                var last = Scalar(ends[^1]);
                for (var scalar = Scalar(ends[0]); scalar <= last; scalar++)
                {
                    folds.Add(scalar, fields[0]);
                }
            }
        }

        return folds.ToFrozenDictionary();
    }

    private static int Scalar(string hex) => int.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
