using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>Rows of a table E looked up by number: tangent V[number]. It is linear in E, and its input has no tangent.</summary>
internal sealed class EmbeddingRule(Embedding module) : LayerRule
{
    // The module's own property makes a new handle at each call, which could not be found among the model's parameters.
    private readonly Parameter _table = module.parameters().Single();
    private Tensor? _numbers;
    private Tensor? _counts;

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        _numbers = Keep(input.detach().to(ScalarType.Int64));
        var output = module.call(input);
        if (output.requires_grad)
        {
            // Rows at padding_idx take no part in differentiation; the module does not tell which one that is, but
            // their gradient does.
            var gradient = Operators.Autograd.Gradients([output.sum()], [_table])[0];
            _counts = Keep(gradient.select(1, 0).sign().to(_table.dtype).index_select(0, _numbers.flatten()));
        }

        return output;
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (sweep.DrawnAt(this) is { } drawn) return drawn;
        if (sweep.Probe(_table) is not { } table) return null;
        var rows = table.index_select(1, _numbers!.flatten()).transpose(1, 2);
        return new Lanes((rows * _counts!).contiguous(), LaneLayout.SamplesLast);
    }

    /// <summary>
    /// A number that occurs twice in a sample must get the same random row both times: each position takes the row
    /// drawn for the first position with its number.
    /// </summary>
    internal override IEnumerable<OutputDraw> OutputDraws
    {
        get
        {
            if (!_table.requires_grad) yield break;
            long samples = InputShape[0], width = OutputShape[^1];
            var numbers = _numbers!.view(samples, -1);
            long positions = numbers.shape[1];
            var place = arange(positions, ScalarType.Int64, numbers.device);
            var same = numbers.unsqueeze(2) == numbers.unsqueeze(1);
            using TorchSharp.Scalar none = positions;
            var first = Keep(where(same, place, full_like(place, none)).amin(2));
            var unweighted = Keep(OutputDraw.EqualWeights(samples, numbers.device));
            yield return new OutputDraw([_table], checked((int)(positions * width)), unweighted, signs =>
            {
                long lanes = signs.shape[0];
                var drawn = signs.view(lanes, positions, width, samples).permute(0, 2, 3, 1);
                var rows = drawn.gather(3, first.expand(lanes, width, samples, positions));
                return new Lanes(rows.reshape(lanes, width, -1) * _counts!, LaneLayout.SamplesLast);
            });
        }
    }
}
