using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What two programs must agree on where they mean the same model, loss and batch: L(θ), and vᵀHv of the full Hessian
/// for one probe v that both are given.
/// </summary>
/// <param name="Loss">L(θ).</param>
/// <param name="QuadraticForm">vᵀHv.</param>
public sealed record CurvatureCheck(double Loss, double QuadraticForm)
{
    /// <summary>The largest file of expected values that is read, 1 MiB.</summary>
    public const int LargestFile = 1 << 20;

    /// <summary>Computes both.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="probe">The probe; number 0 is taken.</param>
    /// <param name="method">The method; null picks the fastest that serves the model.</param>
    /// <exception cref="CurvatureException">The method does not serve the model, or a value is not finite.</exception>
    public static CurvatureCheck Of(EmpiricalRisk risk, IProbeSource probe, CurvatureMethod? method = null)
    {
        ArgumentNullException.ThrowIfNull(risk);
        var options = new CurvatureOptions { Structure = BlockStructure.Full, Method = method };
        using var form = QuadraticForms.Create(risk, options, probes: probe);
        return new CurvatureCheck(risk.Value(), form.Evaluate(0, 1).Total(0));
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
        var options = new CurvatureOptions { Structure = BlockStructure.Full, Method = method };
        using var form = QuadraticForms.Create(risk, options, probes: probes);
        return new CurvatureCheck(risk.Value(), form.Evaluate(0, 1).Total(0));
    }

    /// <summary>
    /// Reads what another program found: a JSON object with the numbers <c>loss</c> and <c>quadratic_form</c>, such as
    /// check.json of tools/export_pytorch.py. Whatever else it holds is for people.
    /// </summary>
    /// <exception cref="CurvatureException">The file cannot be read, or holds no such numbers.</exception>
    public static CurvatureCheck Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var document = JsonDocument.Parse(RegularFile.ReadAll(path, LargestFile));
            return new CurvatureCheck(Number(document.RootElement, "loss"), Number(document.RootElement, "quadratic_form"));
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
    }

    /// <summary>The larger of the two relative differences from expected values.</summary>
    public double RelativeDifference(CurvatureCheck expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        return Math.Max(Relative(Loss, expected.Loss), Relative(QuadraticForm, expected.QuadraticForm));
    }

    private static double Relative(double value, double expected) =>
        value == expected ? 0 : Math.Abs(value - expected) / Math.Abs(expected);
}
