using System.Reflection;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Shared.Tests.Wire;

/// <summary>Values of any type that a message may hold, made of random bits by the types' own constructors.</summary>
internal sealed class RandomMessages(int seed)
{
    private readonly Random _random = new(seed);

    public object Of(Type type)
    {
        if (type == typeof(string)) return Text();
        if (type == typeof(bool)) return _random.Next(2) == 1;
        if (type == typeof(int)) return (int)Bits();
        if (type == typeof(long)) return Bits();
        if (type == typeof(ulong)) return (ulong)Bits();
        // Any bits: infinities and all kinds of NaN among them.
        if (type == typeof(double)) return BitConverter.Int64BitsToDouble(_random.Next(8) == 0 ? Bits() | 0x7ff0L << 48 : Bits());
        if (type == typeof(byte[])) return Bytes(_random.Next(50));
        if (type == typeof(Guid)) return new Guid(Bytes(16));
        if (type.IsEnum) return Enum.GetValues(type).GetValue(_random.Next(Enum.GetValues(type).Length))!;
        if (type == typeof(Estimator)) return Estimator.All[_random.Next(Estimator.All.Count)];
        if (type == typeof(BlobId)) return BlobId.Of(Bytes(8));
        if (type == typeof(ProbeValues)) return Values();
        // Of one byte or more: a length of 0 is what is not there.
        if (type == typeof(BlobReference)) return new BlobReference(BlobId.Of(Bytes(8)), _random.NextInt64(1, long.MaxValue));
        // Files travel once they have been read, and by name, not by path.
        if (type == typeof(InputFile))
        {
            return new InputFile(Text().Replace('/', '-'), BlobId.Of(Bytes(8)), Bits())
            {
                Segments = _random.Next(2) == 1 ? BlobId.Of(Bytes(8)) : null,
            };
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return List(type.GetGenericArguments()[0]);
        return Record(type);
    }

    private object Record(Type type)
    {
        var constructor = type.GetConstructors().MaxBy(candidate => candidate.GetParameters().Length)
            ?? throw new InvalidOperationException($"No way to make a {type}.");
        var parameters = constructor.GetParameters();
        object record = constructor.Invoke([.. parameters.Select(parameter => MaybeNull(parameter.ParameterType,
            new NullabilityInfoContext().Create(parameter).ReadState))]);
        foreach (var property in type.GetProperties().Where(property => property.SetMethod is not null))
        {
            if (parameters.Any(parameter => parameter.Name == property.Name)) continue;
            // Vectors travel as a blob.
            if (type == typeof(RunChunk) && property.Name == nameof(RunChunk.Vectors)) continue;
            if (type == typeof(ReplicaReady) && property.Name == nameof(ReplicaReady.Shapes))
            {
                property.SetValue(record, Shapes());
                continue;
            }

            property.SetValue(
                record, MaybeNull(property.PropertyType, new NullabilityInfoContext().Create(property).ReadState));
        }

        return record;
    }

    private object? MaybeNull(Type type, NullabilityState state)
    {
        if (state == NullabilityState.Nullable && _random.Next(2) == 0) return null;
        return Of(Nullable.GetUnderlyingType(type) ?? type);
    }

    private Array List(Type element)
    {
        var list = Array.CreateInstance(element, _random.Next(4));
        for (int i = 0; i < list.Length; i++) list.SetValue(Of(element), i);
        return list;
    }

    private ProbeValues Values()
    {
        int columns = _random.Next(1, 9);
        double[] values = [.. Enumerable.Range(0, columns * _random.Next(20)).Select(_ => (double)Of(typeof(double)))];
        return new ProbeValues(_random.NextInt64(), columns, values) { Weight = _random.Next(2) == 0 ? 1 : _random.NextDouble() };
    }

    /// <summary>Of some parameters in all; none where parameters have no values of their own.</summary>
    private long[][] Shapes() => _random.Next(2) == 0 ? [] :
        [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => (long[])[.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.NextInt64(1, 500))])];

    private string Text() => string.Concat(
        Enumerable.Range(0, _random.Next(12)).Select(_ => char.ConvertFromUtf32(_random.Next(4) switch
        {
            0 => _random.Next(1, 0x80),
            1 => _random.Next(0x80, 0x800),
            2 => _random.Next(0x800, 0xd800),
            _ => _random.Next(0x10000, 0x110000),
        })));

    // Small numbers as often as large ones: fields with few bits are where defaults are confused with nothing.
    private long Bits() => _random.Next(4) == 0 ? _random.Next(-2, 3) : BitConverter.ToInt64(Bytes(8));

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>The place of the first difference, bit for bit; null where there is none.</summary>
    public static string? Difference(object? expected, object? actual, string place)
    {
        if (expected is null || actual is null) return expected == actual ? null : $"{place}: {expected} became {actual}";
        if (expected is double number)
        {
            return BitConverter.DoubleToInt64Bits(number) == BitConverter.DoubleToInt64Bits((double)actual)
                ? null : $"{place}: {number} became {actual}";
        }

        var type = expected.GetType();
        if (type.IsPrimitive || type.IsEnum || expected is string or Guid)
            return expected.Equals(actual) ? null : $"{place}: {expected} became {actual}";
        if (expected is System.Collections.IEnumerable sequence)
        {
            object?[] before = [.. sequence.Cast<object?>()];
            object?[] after = [.. ((System.Collections.IEnumerable)actual).Cast<object?>()];
            return before.Length != after.Length
                ? $"{place}: {before.Length} became {after.Length}"
                : before.Zip(after).Select((pair, i) => Difference(pair.First, pair.Second, $"{place}[{i}]"))
                    .FirstOrDefault(difference => difference is not null);
        }

        if (type != actual.GetType()) return $"{place}: a {type} became a {actual.GetType()}";
        return type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)
            .Select(field => Difference(field.GetValue(expected), field.GetValue(actual), $"{place}.{field.Name}"))
            .FirstOrDefault(difference => difference is not null);
    }
}
