using Microsoft.Playwright;

namespace Laurel.Tests.Pages;

/// <summary>What somebody may write into a text to make it more than a text, and what is looked at to see that it stayed one.</summary>
internal static class Attacks
{
    /// <summary>The first of all: what a page looks like that nobody attacks.</summary>
    public const string Innocent = "quite innocent";

    /// <summary>Much of it at once: a script, text that turns around, is tall and is wide.</summary>
    public const string Whole = "\"><img src=x onerror=canary=1><script>canary=1</script>\u202e\u202e\u2067\u2066\u2069\u2069\u202cZ\u0351\u036e\u0334\u0489\u0489WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";

    public static readonly IReadOnlyList<string> All =
    [
        Innocent,
        "<script>canary=1</script>",
        "</title></head><body><script>canary=1</script>",
        "</textarea></option></select></template></pre></form></table><script>canary=1</script>",
        "\"><img src=x onerror=canary=1>",
        "' autofocus onfocus=canary=1 tabindex=1 x='",
        "<svg/onload=canary=1>",
        "</text></svg><script>canary=1</script>",
        "]]><script xmlns=\"http://www.w3.org/1999/xhtml\">canary=1</script>",
        "<!--", "--><script>canary=1</script>", "<![CDATA[", "<?xml-stylesheet href='javascript:canary=1'?>",
        "javascript:canary=1//", "data:text/html,<script>canary=1</script>",
        "{{constructor.constructor('canary=1')()}}", "${canary=1}", "{0}{1}{9}{", "&lt;script&gt;canary=1&lt;/script&gt;&#x3c;",
        "\u202e\u202e\u2067\u2066reversed", "\u2069\u2069\u202c\u202cpopped", "שלום \u202eעולם\u202e", "a\ufeff\u200b\u200d\u00adb\uffff\ufffe",
        "Z\u0351\u036e\u0334a\u0319\u0348l\u0363g\u0334o\u0351" + new string('\u0489', 40), new string('W', 200), "two\nlines\tand\r\nmore",
        Whole,
    ];

    /// <summary>A description of several lines is several paragraphs, and a rule's name of several lines fits no field of a form.</summary>
    public static string OneLine(string attack) => attack.ReplaceLineEndings(" ").Replace('\t', ' ');

    public static string Short(string attack) => attack[..Math.Min(100, attack.Length)];

    /// <summary>The elements in their order with the names of their attributes; whether the canary lives; where what surrounds the text
    /// lies.</summary>
    public static Task<string> Look(IPage page) => page.EvaluateAsync<string>("""
        async () => {
          await new Promise(done => setTimeout(done, 0));
          const all = [...document.querySelectorAll('*')].map(each => each.localName + [...each.attributes].map(at => '@' + at.name).sort().join(''));
          const html = document.documentElement.localName === 'html';
          const at = selector => { const box = document.querySelector(selector).getBoundingClientRect(); return [box.left, box.right].map(Math.round).join('-'); };
          return JSON.stringify({ canary: typeof canary, wide: html && document.documentElement.scrollWidth > innerWidth,
            bar: html && at('.brand') + ' ' + at('.languages'), foot: html && at('.foot p'), all: all.join(' ') });
        }
        """);
}
