using System.Buffers.Binary;
using System.Text;

namespace Laurel.Tests.Harness;

/// <summary>Where a connection ends.</summary>
internal enum CommitCut
{
    /// <summary>COMMIT never reaches the server: nothing is stored.</summary>
    Before,

    /// <summary>The server is sent it and the connection is gone: either may come of it.</summary>
    Amid,

    /// <summary>The server has said that it committed, and nobody hears it.</summary>
    After,
}

/// <summary>Understands enough of PostgreSQL's protocol to find COMMIT in a <see cref="NetworkProxy"/>, and ends connections around it at
/// random. Connections must use neither TLS nor GSS encryption.</summary>
/// <param name="seed">The same one draws the same cuts, for the same COMMITs in the same order.</param>
/// <param name="share">How many of the COMMITs are cut, of one.</param>
internal sealed class CommitCuts(int seed, double share)
{
    private readonly Random _random = new(seed);
    private readonly int[] _done = new int[3];
    private readonly Lock _gate = new();
    private volatile bool _armed;

    /// <summary>Whether connections are cut now.</summary>
    public bool Armed
    {
        get => _armed;
        set => _armed = value;
    }

    /// <summary>Runs when the server has committed, before the client hears of anything.</summary>
    public Func<Task> Committed { get; set; } = () => Task.CompletedTask;

    /// <summary>Whether a COMMIT of the ledger's that is not cut is held up, with what travels before it, until the network resumes.</summary>
    public Func<bool> Holds { get; set; } = () => false;

    public int Total => _done.Sum();

    public int this[CommitCut cut] => Volatile.Read(ref _done[(int)cut]);

    public Wire NewConnection() => new(this);

    private CommitCut? Draw()
    {
        lock (_gate)
        {
            return _armed && _random.NextDouble() < share ? (CommitCut)_random.Next(3) : null;
        }
    }

    private void Count(CommitCut cut) => Interlocked.Increment(ref _done[(int)cut]);

    /// <summary>What becomes of some bytes.</summary>
    internal enum Fate
    {
        Pass,
        Drop,
        PassAndEnd,
        Hold,
    }

    /// <summary>One connection. Each direction is fed in order, by one thread at a time.</summary>
    internal sealed class Wire(CommitCuts cuts)
    {
        private readonly Messages _fromClient = new(startup: true);
        private readonly Messages _fromServer = new(startup: false);
        private readonly Dictionary<string, string> _statements = [];
        private volatile bool _awaitsCommit;

        // Since the last answer was asked for.
        private bool _hasOutbox;

        public Fate ToServer(ReadOnlySpan<byte> bytes)
        {
            foreach (var (type, body) in _fromClient.Take(bytes))
            {
                ReadOnlySpan<byte> texts = body;
                switch (type)
                {
                    case 'P':
                        _statements[Text(ref texts)] = Text(ref texts);
                        break;
                    case 'B':
                        _ = Text(ref texts);
                        var statement = _statements.GetValueOrDefault(Text(ref texts), "");
                        _hasOutbox |= statement.StartsWith("INSERT INTO outbox", StringComparison.Ordinal);
                        if (IsCommit(statement) && Decide() is var bound and not Fate.Pass)
                        {
                            return bound;
                        }
                        break;
                    case 'S':
                        _hasOutbox = false;
                        break;
                    case 'Q' when IsCommit(Text(ref texts)) && Decide() is var asked and not Fate.Pass:
                        return asked;
                }
            }
            return Fate.Pass;
        }

        public async ValueTask<Fate> ToClient(ReadOnlyMemory<byte> bytes)
        {
            foreach (var (type, body) in _fromServer.Take(bytes.Span))
            {
                ReadOnlySpan<byte> texts = body;
                if (_awaitsCommit && type == 'C' && IsCommit(Text(ref texts)))
                {
                    await cuts.Committed();
                    cuts.Count(CommitCut.After);
                    return Fate.Drop;
                }
                // An error, or the next thing already: it has failed.
                _awaitsCommit &= type is not ('E' or 'Z');
            }
            return Fate.Pass;
        }

        private Fate Decide()
        {
            switch (cuts.Draw())
            {
                case CommitCut.Before:
                    cuts.Count(CommitCut.Before);
                    return Fate.Drop;
                case CommitCut.Amid:
                    cuts.Count(CommitCut.Amid);
                    return Fate.PassAndEnd;
                case CommitCut.After:
                    _awaitsCommit = true;
                    return Fate.Pass;
                default:
                    return _hasOutbox && cuts.Holds() ? Fate.Hold : Fate.Pass;
            }
        }

        private static bool IsCommit(string text) => text.Equals("COMMIT", StringComparison.OrdinalIgnoreCase);

        private static string Text(ref ReadOnlySpan<byte> texts)
        {
            var end = texts.IndexOf((byte)0);
            var text = Encoding.UTF8.GetString(texts[..end]);
            texts = texts[(end + 1)..];
            return text;
        }
    }

    /// <summary>Puts messages together: a type, the length of what follows including itself, a body. The very first has no type.</summary>
    private sealed class Messages(bool startup)
    {
        private byte[] _rest = [];
        private bool _startup = startup;

        public List<(char Type, byte[] Body)> Take(ReadOnlySpan<byte> bytes)
        {
            byte[] all = [.. _rest, .. bytes];
            var found = new List<(char, byte[])>();
            var at = 0;
            while (true)
            {
                var head = _startup ? 0 : 1;
                if (all.Length - at < head + 4)
                {
                    break;
                }
                var length = BinaryPrimitives.ReadInt32BigEndian(all.AsSpan(at + head));
                if (all.Length - at < head + length)
                {
                    break;
                }
                if (!_startup)
                {
                    found.Add(((char)all[at], all[(at + head + 4)..(at + head + length)]));
                }
                _startup = false;
                at += head + length;
            }
            _rest = all[at..];
            return found;
        }
    }
}
