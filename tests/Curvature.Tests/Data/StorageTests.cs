using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Models;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>
/// Whole numbers of every type and format, for models that look them up and for one that computes with them: against
/// PyTorch's traces, or refused with what to do. Nothing is divided that nobody has asked to be.
/// </summary>
[Collection(PyTorchSamplesGroup.Name)]
public sealed class StorageTests(PyTorchSamples files) : DataFolder
{
    private static readonly string[] Integers = ["U8", "I8", "I16", "I32", "I64", "U16", "U32", "U64"];

    public static readonly TheoryData<string, string, bool> LookedUp = new(
        from type in Integers
        from format in (string[])["safetensors", "npy", "npz"]
        from described in (bool[])[true, false]
        select (type, format, described));

    public static readonly TheoryData<string, string, bool> Computed = new(
        from type in Integers.Where(type => type != "I8")
        from format in (string[])["safetensors", "npy"]
        from described in (bool[])[true, false]
        select (type, format, described));

    /// <summary>Described, an embedding; as a program, one that calls .long().</summary>
    [Theory, MemberData(nameof(LookedUp))]
    public void Tokens_of_every_type_are_looked_up_as_they_are(string type, string format, bool described)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("storage", described ? "embedding" : "long");
        using var model = expected.Model(described);
        using var samples = Stored(expected, type, format);

        Assert.True(samples.Inputs[0].IsIndices);
        Agrees(expected.Trace(CurvatureMatrix.Hessian), model, expected, samples);
    }

    [Theory, MemberData(nameof(Computed))]
    public void Whole_numbers_for_a_model_that_computes_are_refused_until_a_scale_makes_them_real(string type, string format, bool described)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("storage", "real");
        using var model = expected.Model(described);
        using var plain = Stored(expected, type, format);
        using var whole = Stored(expected, type, format, new DatasetOptions { Scale = new InputScale(1) });
        using var scaled = Stored(expected, type, format, new DatasetOptions { Scale = new InputScale(1, 255) });

        Rejected.Saying(
            "The model takes real numbers, and the inputs are whole: say DatasetOptions.Scale 1/255 for the bytes of images, as ToTensor has it, "
            + "or DatasetOptions.Scale 1 for the numbers as they are, or save them as float32.",
            new MicroBatchedRisk(model, expected.Loss(), plain, 5).CheckSamples);
        Agrees(expected.Trace(CurvatureMatrix.Hessian), model, expected, whole);
        Agrees(expected.Expected.GetProperty("scaled").GetProperty("hessian").GetDouble(), model, expected, scaled);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Bytes_of_IDX_are_images_unless_a_scale_says_something_else(bool described)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("storage", "real");
        using var model = expected.Model(described);
        using var images = Stored(expected, "U8", "idx");
        using var whole = Stored(expected, "U8", "idx", new DatasetOptions { Scale = new InputScale(1) });

        Agrees(expected.Expected.GetProperty("scaled").GetProperty("hessian").GetDouble(), model, expected, images);
        Agrees(expected.Trace(CurvatureMatrix.Hessian), model, expected, whole);
    }

    [Theory, InlineData("F32"), InlineData("F64"), InlineData("F16")]
    public void Real_numbers_for_an_embedding_are_refused_with_what_to_do(string type)
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("storage", "embedding");
        using var model = expected.Model(described: true);
        using var samples = Stored(expected, type, "safetensors");
        using var images = Stored(expected, "U8", "idx");

        foreach (var data in (Dataset[])[samples, images])
        {
            Rejected.Saying(
                "The model takes whole numbers, such as an embedding's, and the inputs are real: save them as int64",
                new MicroBatchedRisk(model, expected.Loss(), data, 5).CheckSamples);
        }
    }

    [Fact]
    public void Indices_beyond_the_table_are_no_matter_of_real_and_whole()
    {
        using var scope = NewDisposeScope();
        var expected = files.Case("storage", "embedding");
        using var model = expected.Model(described: true);
        string inputs = Write("x", Written.Safetensors(("inputs", Element.All["U8"], [1, 5], [0, 1, 2, 3, 7]), ("targets", Element.All["U8"], [1], [0])));
        using var samples = Dataset.Open(new DatasetFiles(inputs));

        var error = Assert.Throws<CurvatureException>(new MicroBatchedRisk(model, expected.Loss(), samples, 1).CheckSamples);
        Assert.Contains("index out of range", error.Message, StringComparison.Ordinal);
    }

    private static void Agrees(double trace, nn.Module<Tensor, Tensor> model, PyTorchCase expected, Dataset samples)
    {
        var risk = new MicroBatchedRisk(model, expected.Loss(), samples, 5);
        risk.CheckSamples();
        Near.Relative(trace, PyTorchCase.Exact(risk, new CurvatureOptions()), PyTorchCase.Tolerance);
    }

    /// <summary>A case's samples in another type and format.</summary>
    private Dataset Stored(PyTorchCase expected, string type, string format, DatasetOptions? options = null)
    {
        using var file = ArrayFiles.Open(expected.Data);
        var inputs = file.Arrays.Single(array => array.Name == "inputs");
        var element = Element.All[type];
        long[] shape = [.. inputs.Shape];
        double[] values = Reading.Numbers(inputs.Read());
        string path = Path($"{type}-{format}");
        if (!File.Exists(path))
        {
            Write($"{type}-{format}", format switch
            {
                "safetensors" => Written.Safetensors(("inputs", element, shape, values)),
                "npy" => Written.Npy(element, shape, values),
                "npz" => WrittenZip.Stored(("inputs.npy", Written.Npy(element, shape, values))),
                _ => Written.Idx(element, shape, values),
            });
        }

        return Dataset.Open(new DatasetFiles(path, expected.Data), options);
    }
}
