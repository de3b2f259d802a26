namespace ActorHutch.Zoo;

/// <summary>The zoo's files, made once a run by Debian's PyTorch and torchvision: a folder for each model.</summary>
public abstract class ZooFiles : IDisposable
{
    private const string Vision = "torchvision";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-zoo-");

    /// <param name="options">What zoo.py is told beside where to write.</param>
    protected ZooFiles(params string[] options)
    {
        if (PythonWithTorch.Has(Vision)) PythonWithTorch.Runs(Path.Combine("Zoo", "zoo.py"), _folder.FullName, options);
    }

    /// <summary>The models that zoo.py makes.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "autoencoder", "bert", "cifar_resnet", "conv3d", "convnext_tiny", "densenet121", "efficientnet_b0", "einsum",
        "embedding_bag", "encoder_post_norm", "encoder_pre_norm", "fcn_resnet50", "gated_linear_unit", "googlenet", "gpt",
        "group_norm", "gru", "in_place_on_views", "instance_norm", "lstm", "mobilenet_v2", "mobilenet_v3_small",
        "multihead_attention", "own_loss_as_a_number", "own_loss_of_samples", "prelu", "resnet18", "resnet50", "rms_norm",
        "shufflenet_v2", "spectral_norm", "squeezenet", "swin_t", "tied_frozen_buffers", "two_inputs", "u_net", "vgg11_bn",
        "vision_transformer", "weight_norm",
    ];

    /// <summary>Where they are; skips the test where there is no torchvision.</summary>
    public string Folder
    {
        get
        {
            PythonWithTorch.SkipUnlessFound();
            Assert.SkipUnless(PythonWithTorch.Has(Vision), "python3 has no torchvision: apt-get install python3-torchvision");
            return _folder.FullName;
        }
    }

    /// <summary>A model's folder; skips the test where there is no torchvision.</summary>
    public string Of(string model) => Path.Combine(Folder, model);

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
