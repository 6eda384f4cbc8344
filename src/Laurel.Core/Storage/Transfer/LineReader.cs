namespace Laurel.Core.Storage;

/// <summary>Reads a stream line by line.</summary>
internal sealed class LineReader(Stream input)
{
    // Longer than any row can be: an icon of a megabyte, an answer that is kept.
    private const int Longest = 64 << 20;

    private byte[] _buffer = new byte[1 << 17];
    private int _from;
    private int _to;

    /// <summary>Of <see cref="Line"/>, from 1; 0 before the first.</summary>
    public long Number { get; private set; }

    /// <summary>How many bytes the lines so far take, with their ends.</summary>
    public long Offset { get; private set; }

    /// <summary>With its end; good until the next call.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Goes to the next line; false where none is left.</summary>
    /// <exception cref="TransferException">The last line has no end, or one is longer than any row.</exception>
    public async ValueTask<bool> Next()
    {
        for (var searched = _from; ;)
        {
            var end = _buffer.AsSpan(searched, _to - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                end += searched + 1;
                Line = _buffer.AsMemory(_from, end - _from);
                (_from, Number, Offset) = (end, Number + 1, Offset + Line.Length);
                return true;
            }
            searched = _to - _from;
            MakeRoom();
            var read = await input.ReadAsync(_buffer.AsMemory(_to));
            if (read == 0)
            {
                return _to == 0 ? false : throw ExportReader.Damaged(Number + 1, "the file ends within it.");
            }
            _to += read;
        }
    }

    private void MakeRoom()
    {
        _buffer.AsSpan(_from.._to).CopyTo(_buffer);
        (_from, _to) = (0, _to - _from);
        if (_to == _buffer.Length)
        {
            if (_to >= Longest)
            {
                throw ExportReader.Damaged(Number + 1, "it is longer than any row.");
            }
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
    }
}
