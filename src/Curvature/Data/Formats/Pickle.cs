using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Formats;

/// <summary>A class or function that a pickle names.</summary>
/// <param name="Module">Its module.</param>
/// <param name="Name">Its name there.</param>
internal sealed record PickledName(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>What a call of a class or function would have made.</summary>
/// <param name="Callee">What was to be called.</param>
/// <param name="Arguments">With what.</param>
internal sealed record PickledCall(object? Callee, IReadOnlyList<object?> Arguments);

/// <summary>What lies outside the pickle.</summary>
/// <param name="Id">What it is known by.</param>
internal sealed record PickledOutside(object? Id);

/// <summary>
/// Reads a Python pickle of protocol 2 to 5 without running anything: numbers, texts, lists, dictionaries, and the names of what would be
/// called, with its arguments. Lists and dictionaries are as Python has them; sets are lists, and an ordered dictionary is a dictionary.
/// </summary>
/// <remarks>The opcodes are those of CPython's pickletools. What is made takes memory of the order of the pickle's bytes.</remarks>
internal sealed class Pickle
{
    private static readonly object Mark = new();
    private static readonly PickledName OrderedDict = new("collections", "OrderedDict");

    private readonly ByteSource _source;
    private readonly byte[] _bytes;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at;

    private Pickle(ByteSource source, byte[] bytes) => (_source, _bytes) = (source, bytes);

    /// <summary>What a pickle stands for.</summary>
    /// <param name="source">The pickle's bytes.</param>
    /// <exception cref="CurvatureException">It is damaged, or has what is not read.</exception>
    public static object? Read(ByteSource source)
    {
        byte[] bytes = new byte[source.Length];
        source.Read(0, bytes);
        try
        {
            return new Pickle(source, bytes).Run();
        }
        catch (Exception error) when (error is ArgumentException or IndexOutOfRangeException or InvalidCastException or KeyNotFoundException or OverflowException)
        {
            throw source.Wrong("this is no pickle that can be read: it is damaged.", error);
        }
    }

    private object? Run()
    {
        while (true)
        {
            byte code = _bytes[_at++];
            switch (code)
            {
                case (byte)'.': return Pop();
                case 0x80: _at++; break;
                case 0x95: _at += 8; break;
                case (byte)'(': Push(Mark); break;
                case (byte)'0': Pop(); break;
                case (byte)'1': ToMark(); break;
                case (byte)'2': Push(_stack[^1]); break;
                case (byte)'N': Push(null); break;
                case 0x88 or 0x89: Push(code == 0x88); break;
                case (byte)'K': Push((long)_bytes[_at++]); break;
                case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case 0x8A: Push(Whole(Take(_bytes[_at++]))); break;
                case 0x8B: Push(Whole(Take(Length4()))); break;
                case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case (byte)'X': Push(Encoding.UTF8.GetString(Take(Length4()))); break;
                case 0x8C: Push(Encoding.UTF8.GetString(Take(_bytes[_at++]))); break;
                case 0x8D: Push(Encoding.UTF8.GetString(Take(Length8()))); break;
                case (byte)'U': Push(Encoding.Latin1.GetString(Take(_bytes[_at++]))); break;
                case (byte)'T': Push(Encoding.Latin1.GetString(Take(Length4()))); break;
                case (byte)'C': Push(Take(_bytes[_at++]).ToArray()); break;
                case (byte)'B': Push(Take(Length4()).ToArray()); break;
                case 0x8E or 0x96: Push(Take(Length8()).ToArray()); break;
                case (byte)'}': Push(new Dictionary<object, object?>()); break;
                case (byte)']' or 0x8F: Push(new List<object?>()); break;
                case (byte)')': Push(Array.Empty<object?>()); break;
                case (byte)'t' or 0x91: Push(ToMark()); break;
                case >= 0x85 and <= 0x87: Push(Last(code - 0x84)); break;
                case (byte)'a': Add([Pop()]); break;
                case (byte)'e' or 0x90: Add(ToMark()); break;
                case (byte)'s': Set(Last(2)); break;
                case (byte)'u': Set(ToMark()); break;
                case (byte)'q': _memo[_bytes[_at++]] = _stack[^1]; break;
                case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = _stack[^1]; break;
                case 0x94: _memo[(uint)_memo.Count] = _stack[^1]; break;
                case (byte)'h': Push(_memo[_bytes[_at++]]); break;
                case (byte)'j': Push(_memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))]); break;
                case (byte)'c': Push(new PickledName(Line(), Line())); break;
                case 0x93: Push(Named(Last(2))); break;
                case (byte)'Q': Push(new PickledOutside(Pop())); break;
                case (byte)'R' or 0x81: Push(Called(Last(2))); break;
                case 0x92: Push(Called(Last(3)[..2])); break;
                case (byte)'b': Build(); break;
                default:
                    throw _source.Wrong(string.Create(CultureInfo.InvariantCulture, $"byte {_at - 1} is the opcode {code:x2}, which no pickle of protocol 2 to 5 has that PyTorch writes."));
            }
        }
    }

    private void Push(object? value) => _stack.Add(value);

    private object? Pop() => Last(1)[0];

    private object?[] Last(int count)
    {
        object?[] values = [.. _stack.GetRange(_stack.Count - count, count)];
        if (values.Contains(Mark)) throw new ArgumentException("A mark in the place of a value.");
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] ToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        object?[] values = [.. _stack.GetRange(mark + 1, _stack.Count - mark - 1)];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _bytes.AsSpan(_at, length);
        _at += length;
        return taken;
    }

    private int Length4() => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));

    private int Length8() => checked((int)BinaryPrimitives.ReadUInt64LittleEndian(Take(8)));

    private string Line()
    {
        int length = _bytes.AsSpan(_at).IndexOf((byte)'\n');
        string line = Encoding.UTF8.GetString(Take(length));
        _at++;
        return line;
    }

    /// <summary>A whole number; one that is larger than any count is as large as a number can be.</summary>
    private static long Whole(ReadOnlySpan<byte> bytes) => (long)BigInteger.Clamp(new BigInteger(bytes), long.MinValue, long.MaxValue);

    private static PickledName Named(object?[] parts) => new((string)parts[0]!, (string)parts[1]!);

    private static object Called(object?[] parts) => parts[0] is PickledName name && name == OrderedDict && parts[1] is object?[] { Length: 0 }
        ? new Dictionary<object, object?>()
        : new PickledCall(parts[0], (object?[])parts[1]!);

    private void Add(object?[] values)
    {
        // What is added to an object of a class that is not read is not read, either.
        if (_stack[^1] is List<object?> list) list.AddRange(values);
    }

    private void Set(object?[] pairs)
    {
        if (_stack[^1] is not Dictionary<object, object?> dictionary) return;
        for (int i = 0; i < pairs.Length; i += 2)
        {
            // What is compared by what it holds could hold itself, or be nested as deeply as it is long.
            if (pairs[i] is { } key and (string or long or double or bool)) dictionary[key] = pairs[i + 1];
        }
    }

    /// <summary>The state of an object: of a dictionary, what PyTorch notes beside it; of another, nothing that is read.</summary>
    private void Build() => Pop();
}
