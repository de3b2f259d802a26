"""What a model computes, by which two of them are compared."""
import torch

from .errors import ExportError, described

# Of the largest number. Both compute the same operations, which may round differently in another order.
TOLERANCE = {torch.float64: 1e-9}
OTHER_TOLERANCE = 1e-4

# A gradient that is so much smaller than the largest one is rounding.
NEGLIGIBLE = 1e-3


class Outcome:
    """A model's output, and the gradients of a weighted sum of it."""

    def __init__(self, output, gradients):
        self.output, self.gradients = output, gradients

    @staticmethod
    def of(model, inputs, run):
        """Runs a model once; gradients are by the parameters' names, None where the output does not depend on one."""
        parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        output = run(model, inputs)
        gradients = {name: None for name in parameters}
        if parameters and output.requires_grad:
            # Drawn, so that no two ways of being wrong cancel.
            weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64, device="cpu")
            try:
                found = torch.autograd.grad([output], list(parameters.values()), [weights.to(output.dtype)], allow_unused=True)
            except Exception as error:  # of the user's own functions too
                raise ExportError("The model cannot be differentiated: %s" % described(error)) from error
            # Those of an Embedding with sparse=True hold the same numbers.
            gradients = {name: g.to_dense() if g is not None and g.is_sparse else g for name, g in zip(parameters, found)}
        return Outcome(output.detach().clone(), gradients)

    def difference(self, other, names=None):
        """What is different in another outcome, in words; None where nothing is. names: the other's, by this one's."""
        if self.output.shape != other.output.shape:
            return "its output has the shape %s, and the model's %s" % (list(other.output.shape), list(self.output.shape))
        if not same(self.output, other.output):
            return "its output differs from the model's by up to %.1e, of up to %.1e" % (
                (self.output - other.output).abs().max(), self.output.abs().max())
        largest = max((float(g.abs().max()) for g in self.gradients.values() if g is not None and g.numel() > 0), default=0.0)
        for name, mine in self.gradients.items():
            theirs = other.gradients.get((names or {}).get(name, name))
            if mine is None and theirs is None:
                continue
            mine = torch.zeros_like(theirs) if mine is None else mine
            theirs = torch.zeros_like(mine) if theirs is None else theirs
            if not same(mine, theirs, NEGLIGIBLE * largest):
                return "its output is the model's, and the gradient of %s is not" % name
        return None


def same(one, other, least=0.0):
    """Whether two tensors are equal but for rounding, of their largest number or of another one."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if not one.is_floating_point() and not one.is_complex() or one.numel() == 0:
        return torch.equal(one, other)
    if not torch.equal(torch.isfinite(one), torch.isfinite(other)):
        return False
    finite = torch.isfinite(one)
    if not finite.any():
        return True
    one, other = one[finite], other[finite]
    scale = max(float(one.abs().max()), least)
    return float((one - other).abs().max()) <= TOLERANCE.get(one.dtype, OTHER_TOLERANCE) * scale
