using System.Globalization;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>
/// The dictionary in a .npy file: the three keys that NumPy writes, each once, in any order. It is text of Python, and
/// only the grammar of these three is read.
/// </summary>
internal sealed class NpyHeader
{
    private readonly ByteSource _bytes;
    private readonly string _text;
    private int _at;
    private string? _descriptor;
    private bool? _fortran;
    private long[]? _shape;

    private NpyHeader(ByteSource bytes, string text) => (_bytes, _text) = (bytes, text);

    /// <summary>The elements' type, such as <c>&lt;f4</c>.</summary>
    public string Descriptor => _descriptor ?? throw Missing("descr");

    /// <summary>Whether the first index runs fastest.</summary>
    public bool Fortran => _fortran ?? throw Missing("fortran_order");

    /// <summary>The shape.</summary>
    public long[] Shape => _shape ?? throw Missing("shape");

    /// <exception cref="CurvatureException">It is anything else; the message says where.</exception>
    public static NpyHeader Parse(ByteSource bytes, string text)
    {
        var header = new NpyHeader(bytes, text);
        header.Dictionary();
        return header;
    }

    private void Dictionary()
    {
        Take('{');
        while (!TryTake('}'))
        {
            string key = Quoted();
            Take(':');
            switch (key)
            {
                case "descr" when _descriptor is null:
                    _descriptor = Type();
                    break;
                case "fortran_order" when _fortran is null:
                    _fortran = Boolean();
                    break;
                case "shape" when _shape is null:
                    _shape = Tuple();
                    break;
                case "descr" or "fortran_order" or "shape":
                    throw _bytes.Wrong($"the header of .npy has '{key}' twice.");
                default:
                    string shown = key.Length <= 20 ? key : key[..20] + "…";
                    throw _bytes.Wrong(
                        $"the header of .npy has a key '{shown}'; its keys are descr, fortran_order and shape.");
            }

            if (TryTake(',')) continue;
            Take('}');
            break;
        }

        Skip();
        if (_at < _text.Length) throw Unexpected("the end of the header");
    }

    private string Type()
    {
        Skip();
        return _at < _text.Length && _text[_at] is '[' or '('
            ? throw _bytes.Wrong("it holds structured data (records), which are not read: save each field by itself.")
            : Quoted();
    }

    private bool Boolean()
    {
        Skip();
        foreach (bool value in new[] { true, false })
        {
            string word = value ? "True" : "False";
            if (!_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal)) continue;
            _at += word.Length;
            return value;
        }

        throw Unexpected("True or False");
    }

    private long[] Tuple()
    {
        Take('(');
        var items = new List<long>();
        while (!TryTake(')'))
        {
            items.Add(Integer());
            if (TryTake(',')) continue;
            if (items.Count == 1) throw Unexpected("',' (a tuple of one number has one)");
            Take(')');
            break;
        }

        return [.. items];
    }

    private long Integer()
    {
        Skip();
        int start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at])) _at++;
        if (_at == start) throw Unexpected("a dimension");
        var digits = _text.AsSpan(start, _at - start);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value))
        {
            throw _bytes.Wrong(
                $"the header of .npy declares a dimension of {digits.Length} digits, more than any file can hold.");
        }

        // As Python 2 wrote its long integers.
        if (_at < _text.Length && _text[_at] == 'L') _at++;
        return value;
    }

    private string Quoted()
    {
        Skip();
        if (_at == _text.Length || _text[_at] is not ('\'' or '"')) throw Unexpected("a quote");
        int end = _text.IndexOf(_text[_at], _at + 1);
        if (end < 0) throw Unexpected("a string that ends");
        string value = _text[(_at + 1)..end];
        _at = end + 1;
        return value.Any(c => c is < ' ' or '\\' or > '~') ? throw Unexpected("a string without special characters") : value;
    }

    private void Take(char expected)
    {
        if (!TryTake(expected)) throw Unexpected($"'{expected}'");
    }

    private bool TryTake(char expected)
    {
        Skip();
        if (_at == _text.Length || _text[_at] != expected) return false;
        _at++;
        return true;
    }

    private void Skip()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\n' or '\r' or '\t') _at++;
    }

    private CurvatureException Unexpected(string expected)
    {
        string found = _at < _text.Length ? $"'{_text[_at]}'" : "its end";
        return _bytes.Wrong($"the header of .npy has {found} at character {_at}, where {expected} should be.");
    }

    private CurvatureException Missing(string key) => _bytes.Wrong($"the header of .npy has no '{key}'.");
}
