namespace ActorHutch.Curvature.Tests.Data;

/// <summary>The format of MNIST.</summary>
public sealed class IdxTests : DataFolder
{
    private static readonly Element UInt8 = Element.All["U8"];

    public static TheoryData<string> Types => [.. Element.All.Values.Where(e => e.Idx is not null).Select(e => e.Safetensors)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_is_read_as_it_was_written(string type)
    {
        var element = Element.All[type];

        string path = Write("a.idx", Written.Idx(element, [3, 2], element.Values));

        Assert.Equal(element.Values, Reading.Only(path, [3, 2], element.Dtype));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Gzipped_it_is_the_same(string type)
    {
        var element = Element.All[type];

        string path = Write("a.idx.gz", Written.Gzip(Written.Idx(element, [6], element.Values)));

        Assert.Equal(element.Values, Reading.Only(path, [6], element.Dtype));
    }

    [Fact]
    public void An_array_may_be_empty() =>
        Assert.Empty(Reading.Only(Write("a", Written.Idx(UInt8, [0, 28, 28], [])), [0, 28, 28], UInt8.Dtype));

    [Fact]
    public void A_number_that_is_the_brace_of_safetensors()
    {
        double[] values = [123, .. new double[65535]];
        Assert.Equal(values, Reading.Only(Write("a", Written.Idx(UInt8, [65536], values)), [65536], UInt8.Dtype));
    }

    [Fact]
    public void A_type_that_IDX_has_not() =>
        Reading.Rejects(Write("a", Written.Idx(0x0A, [2], [1, 2])), "byte 2", "0x0A", "0x0D (float32)");

    [Fact]
    public void No_dimension() => Reading.Rejects(Write("a", Written.Idx(8, [], [1])), "byte 3", "at least 1");

    [Fact]
    public void An_end_in_the_header() => Reading.Rejects(Write("a", [0, 0, 8, 3, 0, 0, 0, 5]), "ends after 8 bytes", "take 16");

    [Fact]
    public void Data_that_are_cut_off() =>
        Reading.Rejects(Write("a", Written.Idx(8, [2, 3], new byte[5])), "declares 18 bytes", "there are 17");

    [Fact]
    public void Data_that_go_on() =>
        Reading.Rejects(Write("a", Written.Idx(8, [2, 3], new byte[8])), "declares 18 bytes", "2 bytes too many");

    [Fact]
    public void A_header_of_four_gigabytes() =>
        Reading.Rejects(Write("a", Written.Idx(8, [uint.MaxValue], new byte[100])), "declares 4294967303 bytes");

    [Fact]
    public void A_header_of_more_than_any_file_can_hold() => Reading.Rejects(
        Write("a", Written.Idx(8, [uint.MaxValue, uint.MaxValue, uint.MaxValue], [])), "more than any file can hold");

    [Fact]
    public void Empty_in_one_dimension_and_absurd_in_the_others() => Reading.Rejects(
        Write("a", Written.Idx(8, [0, uint.MaxValue, uint.MaxValue, uint.MaxValue], [])), "more than any file can hold");

    [Fact]
    public void More_dimensions_than_libtorch_has() => Reading.Rejects(
        Write("a", Written.Idx(8, [.. Enumerable.Repeat(1L, 65)], [1])), "65 dimensions", "at most 64");

    [Fact]
    public void As_many_dimensions_as_libtorch_has()
    {
        long[] shape = [.. Enumerable.Repeat(1L, 64)];
        Assert.Equal([7], Reading.Only(Write("a", Written.Idx(UInt8, shape, [7])), shape, UInt8.Dtype));
    }
}
