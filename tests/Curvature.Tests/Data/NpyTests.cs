using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>NumPy's format of one array.</summary>
public sealed class NpyTests : DataFolder
{
    private static readonly Element Float32 = Element.All["F32"];

    public static TheoryData<string> Types => [.. Element.All.Values.Where(e => e.Npy is not null).Select(e => e.Safetensors)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_is_read_as_it_was_written_in_either_byte_order(string type)
    {
        var element = Element.All[type];
        foreach (bool bigEndian in new[] { false, true })
        {
            string descriptor = (bigEndian ? ">" : "<") + element.Npy;
            string path = Write("a.npy", Written.Npy(descriptor, [2, 3], element.Bytes(element.Values, bigEndian)));

            Assert.Equal(element.Values, Reading.Only(path, [2, 3], element.Dtype));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void In_Fortran_order_the_first_index_runs_fastest(string type)
    {
        var element = Element.All[type];
        double[] v = element.Values;

        string path = Write("a.npy", Written.Npy($"<{element.Npy}", [2, 3], element.Bytes(v), fortran: true));

        Assert.Equal([v[0], v[2], v[4], v[1], v[3], v[5]], Reading.Only(path, [2, 3], element.Dtype));
    }

    [Fact]
    public void Fortran_order_of_three_dimensions()
    {
        double[] stored = [.. Enumerable.Range(0, 24).Select(i => (double)i)];
        string path = Write("a.npy", Written.Npy("<f4", [2, 3, 4], Float32.Bytes(stored), fortran: true));

        double[] numbers = Reading.Only(path, [2, 3, 4], ScalarType.Float32);

        for (int i = 0; i < 24; i++)
        {
            var (a, b, c) = (i / 12, i / 4 % 3, i % 4);
            Assert.Equal(stored[a + (2 * b) + (6 * c)], numbers[i]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_version(int version)
    {
        string path = Write("a.npy", Written.Npy("<f4", [6], Float32.Bytes(Float32.Values), version: version));
        Assert.Equal(Float32.Values, Reading.Only(path, [6], ScalarType.Float32));
    }

    [Fact]
    public void A_single_number()
    {
        string path = Write("a.npy", Written.Npy(Float32, [], [2.5]));
        Assert.Equal([2.5], Reading.Only(path, [], ScalarType.Float32));
        using var file = ArrayFiles.Open(path);
        Assert.Throws<ArgumentException>(() => file.Arrays[0].Read(0, 1));
    }

    [Fact]
    public void Gzipped() => Assert.Equal(
        Float32.Values,
        Reading.Only(Write("a", Written.Gzip(Written.Npy(Float32, [6], Float32.Values))), [6], ScalarType.Float32));

    [Theory]
    [InlineData("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"=f4\"}")]
    [InlineData(" { 'fortran_order' :\tFalse , 'shape' : ( 2L, ) , 'descr' : '<f4' } \n")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (2,)}")]
    public void A_header_that_is_written_otherwise(string header) => Assert.Equal(
        [1, 2], Reading.Only(Write("a.npy", Written.Npy(header, Float32.Bytes([1, 2]))), [2], ScalarType.Float32));

    [Theory]
    [InlineData("|O", "Python objects, which are never unpickled")]
    [InlineData("<c8", "complex")]
    [InlineData("<U5", "strings")]
    [InlineData("|S5", "strings")]
    [InlineData("|V8", "raw or structured")]
    [InlineData("<M8[ns]", "dates")]
    [InlineData("<f16", "floats of another width")]
    [InlineData("<i3", "'<i3' is not read")]
    [InlineData("?f4", "'?f4' is not read")]
    [InlineData("|f4", "'|f4' is not read")]
    [InlineData("f", "'f' is not read")]
    [InlineData("", "'' is not read")]
    public void A_type_that_is_not_read(string descriptor, string text) =>
        Reading.Rejects(Write("a.npy", Written.Npy(descriptor, [2], new byte[16])), text);

    [Theory]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "structured data (records)")]
    [InlineData("{'fortran_order': False, 'shape': (2,), }", "no 'descr'")]
    [InlineData("{'descr': '<f4', 'shape': (2,), }", "no 'fortran_order'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", "no 'shape'")]
    [InlineData("{'shape': (2,), 'shape': (2,), }", "'shape' twice")]
    [InlineData("{'size': 2, }", "a key 'size'")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,), }", "has '0' at character 34, where True or False")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "'-' at character 51, where a dimension")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2), }", "where ','")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': [2], }", "where '('")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "a dimension of 20 digits")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", "more than any file")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + 1", "where the end of the header")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "has its end at character")]
    [InlineData("{'descr': '<f4", "where a string that ends")]
    [InlineData("__import__('os').system('true')", "'_' at character 0, where '{'")]
    public void A_header_that_is_wrong(string header, string text) =>
        Reading.Rejects(Write("a.npy", Written.Npy(header, new byte[8])), text);

    [Fact]
    public void An_unsigned_number_that_no_signed_one_holds()
    {
        byte[] data = [.. BitConverter.GetBytes(5UL), .. BitConverter.GetBytes(ulong.MaxValue)];
        Reading.Rejects(Write("a.npy", Written.Npy("<u8", [2], data)), "element 1 is 18446744073709551615", "Int64");
    }

    [Fact]
    public void A_boolean_that_is_neither_0_nor_1() =>
        Reading.Rejects(Write("a.npy", Written.Npy("|b1", [3], [0, 1, 7])), "element 2 is 7", "0 or 1");

    [Fact]
    public void A_version_to_come() => Reading.Rejects(Write("a.npy", Written.Npy("<f4", [0], [], version: 4)), "is 4");

    [Fact]
    public void A_header_without_end()
    {
        byte[] bytes = Written.Npy("<f4", [2], new byte[8], version: 2);
        BitConverter.GetBytes(uint.MaxValue).CopyTo(bytes, 8);
        Reading.Rejects(Write("a.npy", bytes), "header has 4294967295 bytes", "at most 65536");
    }

    [Fact]
    public void An_end_in_the_header()
    {
        byte[] bytes = Written.Npy("<f4", [2], new byte[8]);
        Reading.Rejects(Write("a.npy", bytes[..8]), "ends after 8 bytes");
        Reading.Rejects(Write("b.npy", bytes[..50]), "ends after 50 bytes", "should end at 128");
    }

    [Fact]
    public void Data_that_are_cut_off_or_go_on()
    {
        Reading.Rejects(Write("a.npy", Written.Npy("<f4", [2, 3], new byte[20])), "declares 152 bytes", "there are 148");
        Reading.Rejects(Write("b.npy", Written.Npy("<f4", [2, 3], new byte[28])), "4 bytes too many");
    }
}
