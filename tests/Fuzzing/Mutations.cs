using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ActorHutch.Fuzzing;

/// <summary>Damages bytes in the ways that find the errors of readers. The same seed does the same damage.</summary>
internal sealed class Mutations(int seed)
{
    private static readonly long[] Numbers =
    [
        0, 1, -1, 7, 255, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, 1L << 61, 1L << 62,
        long.MaxValue, long.MinValue,
    ];

    private readonly Random _random = new(seed);

    /// <summary>One to three kinds of damage, more of it at the beginning and the end than in the middle.</summary>
    public byte[] Mutate(byte[] bytes)
    {
        var list = new List<byte>(bytes);
        for (int i = _random.Next(1, 4); i > 0 && list.Count > 0; i--) Once(list);
        return [.. list];
    }

    public bool Coin() => _random.Next(2) == 0;

    private void Once(List<byte> bytes)
    {
        int at = Position(bytes.Count);
        int length = Math.Min(_random.Next(1, 20), bytes.Count - at);
        switch (_random.Next(9))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 3:
                bytes.RemoveRange(at, length);
                break;
            case 4:
                byte[] random = new byte[length];
                _random.NextBytes(random);
                bytes.InsertRange(at, random);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 6:
                bytes.AddRange(bytes.GetRange(at, length));
                break;
            case 7:
                Overwrite(bytes, at);
                break;
            default:
                Renumber(bytes, at);
                break;
        }
    }

    private int Position(int length) => _random.Next(3) switch
    {
        0 => _random.Next(Math.Min(length, 160)),
        1 => length - 1 - _random.Next(Math.Min(length, 160)),
        _ => _random.Next(length),
    };

    /// <summary>A binary number becomes another one, of 2, 4 or 8 bytes in either order.</summary>
    private void Overwrite(List<byte> bytes, int at)
    {
        long number = Numbers[_random.Next(Numbers.Length)];
        byte[] written = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(written, number);
        int size = 2 << _random.Next(3);
        if (Coin()) Array.Reverse(written, 0, size);
        for (int i = 0; i < size && at + i < bytes.Count; i++) bytes[at + i] = written[i];
    }

    /// <summary>The next number in text becomes another one.</summary>
    private void Renumber(List<byte> bytes, int at)
    {
        int start = bytes.FindIndex(at, value => char.IsAsciiDigit((char)value));
        if (start < 0) return;
        int end = start;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end])) end++;
        bytes.RemoveRange(start, end - start);
        long number = Numbers[_random.Next(Numbers.Length)];
        bytes.InsertRange(start, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
    }
}
