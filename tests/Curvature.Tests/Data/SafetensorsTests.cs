using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Hugging Face's format.</summary>
public sealed class SafetensorsTests : DataFolder
{
    public static TheoryData<string> Types => [.. Element.All.Keys];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_is_read_as_it_was_written(string type)
    {
        var element = Element.All[type];

        string path = Write("a.safetensors", Written.Safetensors(("x", element, [2, 3], element.Values)));

        Assert.Equal(element.Values, Reading.Only(path, [2, 3], element.Dtype));
    }

    [Fact]
    public void Arrays_keep_their_names_and_the_header_s_order()
    {
        const string Header = """
            {"__metadata__":{"format":"pt"},
             "b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},
             "empty":{"dtype":"F32","shape":[0,4],"data_offsets":[1,1]},
             "a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}   
            """;
        using var file = ArrayFiles.Open(Write("a.safetensors", Written.Safetensors(Header, [7, 8, 9])));

        Assert.Equal(["b", "empty", "a"], file.Arrays.Select(array => array.Name));
        Assert.Equal([[8, 9], [], [7]], file.Arrays.Select(array => Reading.Numbers(array.Read())));
        Assert.Equal("pt", Assert.Single(file.Metadata, entry => entry.Key == "format").Value);
    }

    [Theory]
    [InlineData("""{"__metadata__":"pt"}""")]
    [InlineData("""{"__metadata__":{"format":7,"list":["pt"]}}""")]
    [InlineData("{}")]
    public void Metadata_that_are_no_texts_say_nothing(string header)
    {
        using var file = ArrayFiles.Open(Write("a.safetensors", Written.Safetensors(header, [])));

        Assert.Empty(file.Metadata);
    }

    [Theory]
    [InlineData("""{"x":{"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]}}""", "array x", "F8_E4M3")]
    [InlineData("""{"x":{"shape":[8],"data_offsets":[0,8]}}""", "array x", "no 'dtype'")]
    [InlineData("""{"x":{"dtype":"U8","data_offsets":[0,8]}}""", "array x", "no 'shape'")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8]}}""", "array x", "no 'data_offsets'")]
    [InlineData("""{"x":[1,2]}""", "array x", "no 'shape'")]
    [InlineData("""{"x":{"dtype":8,"shape":[8],"data_offsets":[0,8]}}""", "array x", "'dtype' is no string")]
    [InlineData("""{"x":{"dtype":"U8","shape":8,"data_offsets":[0,8]}}""", "array x", "'shape' is no list")]
    [InlineData("""{"x":{"dtype":"U8","shape":["8"],"data_offsets":[0,8]}}""", "array x", "no 64-bit integer")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8.5],"data_offsets":[0,8]}}""", "array x", "no 64-bit integer")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,99999999999999999999]}}""", "'data_offsets'", "integer")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8],"data_offsets":[0,4,8]}}""", "array x", "should be two")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8],"data_offsets":[-1,7]}}""", "array x", "[-1, 7] are no range")]
    [InlineData("""{"x":{"dtype":"U8","shape":[8],"data_offsets":[8,0]}}""", "array x", "[8, 0] are no range")]
    [InlineData("""{"x":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}""", "array x", "past the file, which has 8")]
    [InlineData("""{"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", "x", "past")]
    [InlineData("""{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}""", "array x", "[4] takes 16 bytes")]
    [InlineData("""{"x":{"dtype":"U8","shape":[-8],"data_offsets":[0,8]}}""", "array x", "negative dimension")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", "array x", "any file")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", "bytes 4 to 8", "after array x")]
    [InlineData("""{"x":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", "bytes 0 to 4", "belong to no array")]
    [InlineData("""{}""", "bytes 0 to 8", "after the header")]
    [InlineData("""{"x":{"dtype":"U8"},"x":{"dtype":"U8"}}""", "JSON", "x")]
    [InlineData("""{"x":{"dtype":"U8","dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "JSON", "dtype")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}""", "JSON", "")]
    [InlineData("""{"x":""", "JSON", "")]
    public void A_header_that_is_wrong(string header, string first, string second) =>
        Reading.Rejects(Write("a.safetensors", Written.Safetensors(header, new byte[8])), first, second);

    [Fact]
    public void Arrays_that_overlap() => Reading.Rejects(
        Write("a.safetensors", Written.Safetensors(
            """
            {"x":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"y":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}
            """,
            new byte[8])),
        "array y overlaps array x", "begins at 4, before 5");

    [Fact]
    public void A_header_that_is_longer_than_the_file()
    {
        byte[] bytes = Written.Safetensors(("x", Element.All["U8"], [1], [1]));
        BitConverter.GetBytes(90_000_000L).CopyTo(bytes, 0);
        Reading.Rejects(Write("a.safetensors", bytes), "header has 90000000 bytes", "cut off");
    }

    [Fact]
    public void A_header_of_terabytes()
    {
        byte[] bytes = Written.Safetensors(("x", Element.All["U8"], [1], [1]));
        BitConverter.GetBytes(1L << 44).CopyTo(bytes, 0);
        Reading.Rejects(Write("a.safetensors", bytes), "header has 17592186044416 bytes", "at most 100000000");
    }

    [Fact]
    public void Names_that_are_no_text()
    {
        byte[] bytes = Written.Safetensors(("x", Element.All["U8"], [1], [1]));
        bytes[10] = 0xFF;
        Reading.Rejects(Write("a.safetensors", bytes), "JSON");
    }

    [Fact]
    public void Numbers_keep_all_their_bits()
    {
        byte[] data = [.. BitConverter.GetBytes(long.MaxValue), .. BitConverter.GetBytes(long.MinValue + 1)];
        using var file = ArrayFiles.Open(Write("a.safetensors", Written.Safetensors(
            """{"x":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}""", data)));
        using Tensor numbers = file.Arrays[0].Read();
        Assert.Equal([long.MaxValue, long.MinValue + 1], numbers.data<long>());
    }
}
