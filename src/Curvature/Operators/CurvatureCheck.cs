using System.Text.Json;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What two programs must agree on where they mean the same model, loss and batch: L(θ), and vᵀHv of the full Hessian
/// for one probe v that both are given.
/// </summary>
/// <param name="Loss">L(θ).</param>
/// <param name="QuadraticForm">vᵀHv = Σ_b v_bᵀ(Hv)_b.</param>
public sealed record CurvatureCheck(double Loss, double QuadraticForm)
{
    /// <summary>The largest file of expected values that is read, 1 MiB.</summary>
    public const int LargestFile = 1 << 20;

    private static readonly IReadOnlyDictionary<string, double> Unknown = new Dictionary<string, double>();

    /// <summary>v_bᵀ(Hv)_b by the blocks' names; empty where only the sum is known.</summary>
    public IReadOnlyDictionary<string, double> Blocks { get; init; } = Unknown;

    /// <summary>What the loss is called by whoever computed it; null where that is not said.</summary>
    public string? LossFunction { get; init; }

    /// <summary>How samples' losses are combined, in a word; null where that is not said.</summary>
    public string? Reduction { get; init; }

    /// <summary>The class that does not count in a cross-entropy; null where that is not said.</summary>
    public long? IgnoreIndex { get; init; }

    /// <summary>The loss's arguments by the names of options, all that are not at their default; null where that is not said.</summary>
    public IReadOnlyDictionary<string, string>? LossArguments { get; init; }

    /// <summary>How vᵀHv was computed here; null for values of another program.</summary>
    public CurvatureMethod? Method { get; init; }

    /// <summary>
    /// Σ_b |v_bᵀ(Hv)_b|, or |vᵀHv| where that is larger or all that is known: what roundings of vᵀHv are relative to. The
    /// sum itself may cancel, to a thirtieth of it for a ResNet-50.
    /// </summary>
    public double Scale => Math.Max(Math.Abs(QuadraticForm), Blocks.Values.Sum(Math.Abs));

    /// <summary>Computes both.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="probe">The probe; number 0 is taken.</param>
    /// <param name="method">The method; null picks the fastest that serves the model.</param>
    /// <exception cref="CurvatureException">The method does not serve the model, or a value is not finite.</exception>
    public static CurvatureCheck Of(EmpiricalRisk risk, IProbeSource probe, CurvatureMethod? method = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        return Of(risk.Value(), method, options => QuadraticForms.Create(risk, options, probes: probe));
    }

    /// <summary>Computes both for a risk over micro-batches.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="probe">The probe, by the parameters' names.</param>
    /// <param name="method">The method; null picks the fastest that serves the model.</param>
    /// <exception cref="CurvatureException">
    /// The probe does not fit the model, the method does not serve it, or a value is not finite.
    /// </exception>
    public static CurvatureCheck Of(MicroBatchedRisk risk, ArrayFile probe, CurvatureMethod? method = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        using var probes = risk.With(0, first => new GivenProbes(first, probe));
        return Of(risk.Value(), method, options => QuadraticForms.Create(risk, options, probes: probes));
    }

    /// <summary>
    /// Reads what another program found: a JSON object with the numbers <c>loss</c> and <c>quadratic_form</c>, such as
    /// check.json of tools/export_pytorch.py. It may have <c>blocks</c>, an object of a number for each parameter, and the
    /// texts <c>loss_function</c> and <c>reduction</c>, the integer <c>ignore_index</c>, and <c>loss_arguments</c>, an object
    /// of texts. Whatever else it holds is for people.
    /// </summary>
    /// <exception cref="CurvatureException">The file cannot be read, or holds no such numbers.</exception>
    public static CurvatureCheck Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var document = JsonDocument.Parse(RegularFile.ReadAll(path, LargestFile));
            var root = document.RootElement;
            return new CurvatureCheck(Number(root, "loss"), Number(root, "quadratic_form"))
            {
                Blocks = root.TryGetProperty("blocks", out var blocks) ? Numbers(blocks) : Unknown,
                LossFunction = Text(root, "loss_function"),
                Reduction = Text(root, "reduction"),
                IgnoreIndex = root.TryGetProperty("ignore_index", out var index) && index.ValueKind == JsonValueKind.Number
                    && index.TryGetInt64(out long ignored) ? ignored : null,
                LossArguments = root.TryGetProperty("loss_arguments", out var arguments) ? Texts(arguments) : null,
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CurvatureException($"The expected values cannot be read from {path}: {error.Message.TrimEnd('.')}.", error);
        }

        double Number(JsonElement root, string name) =>
            root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var given)
            && given.ValueKind == JsonValueKind.Number
                ? given.GetDouble()
                : throw new CurvatureException($"{path} has no number {name}.");

        Dictionary<string, double> Numbers(JsonElement given) =>
            given.ValueKind == JsonValueKind.Object && given.EnumerateObject().All(one => one.Value.ValueKind == JsonValueKind.Number)
                ? given.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetDouble(), StringComparer.Ordinal)
                : throw new CurvatureException($"{path}: blocks must be an object with a number for each parameter.");

        Dictionary<string, string> Texts(JsonElement given) =>
            given.ValueKind == JsonValueKind.Object && given.EnumerateObject().All(one => one.Value.ValueKind == JsonValueKind.String)
                ? given.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!, StringComparer.Ordinal)
                : throw new CurvatureException($"{path}: loss_arguments must be an object with a text for each argument.");

        static string? Text(JsonElement root, string name) =>
            root.TryGetProperty(name, out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
    }

    /// <summary>How far these values are from expected ones.</summary>
    public CurvatureDifference DifferenceFrom(CurvatureCheck expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        double scale = Math.Max(Scale, expected.Scale);
        var worst = Blocks.Keys.Where(expected.Blocks.ContainsKey)
            .Select(name => (Name: (string?)name, Difference: Relative(Blocks[name], expected.Blocks[name], scale)))
            .OrderByDescending(block => block.Difference).FirstOrDefault();
        return new CurvatureDifference(
            Relative(Loss, expected.Loss, Math.Abs(expected.Loss)), Relative(QuadraticForm, expected.QuadraticForm, scale),
            worst.Name, worst.Difference);
    }

    private static CurvatureCheck Of(double loss, CurvatureMethod? method, Func<CurvatureOptions, IQuadraticForm> create)
    {
        var options = new CurvatureOptions { Structure = BlockStructure.Full, Method = method };
        using var form = create(options);
        var values = form.Evaluate(0, 1);
        // A forward sweep knows the sum alone.
        using var told = form.Blocks.Count > 0 ? null : create(options with { Method = CurvatureMethod.Hmp });
        double[] parts = (told?.Evaluate(0, 1) ?? values)[0].ToArray();
        return new CurvatureCheck(loss, values.Total(0))
        {
            Blocks = (told ?? form).Blocks.Zip(parts).ToDictionary(block => block.First, block => block.Second, StringComparer.Ordinal),
            Method = form.Method,
        };
    }

    private static double Relative(double value, double expected, double scale) =>
        value == expected ? 0 : Math.Abs(value - expected) / scale;
}

/// <summary>How far values are from expected ones.</summary>
/// <param name="Loss">Of the loss, relative to the expected one.</param>
/// <param name="QuadraticForm">Of vᵀHv, relative to the larger <see cref="CurvatureCheck.Scale"/>.</param>
/// <param name="WorstBlock">The block that differs most; null where not both have blocks.</param>
/// <param name="Block">Of its v_bᵀ(Hv)_b, relative to the same scale.</param>
public sealed record CurvatureDifference(double Loss, double QuadraticForm, string? WorstBlock, double Block)
{
    /// <summary>The largest of them.</summary>
    public double Largest => Math.Max(Loss, Math.Max(QuadraticForm, Block));
}
