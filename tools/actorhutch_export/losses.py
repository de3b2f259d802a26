"""Which loss, and whether output and targets fit it."""
import torch
from torch.nn import functional

from .errors import ExportError, described
from .files import word

LOSSES = {
    "cross-entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "bce": functional.binary_cross_entropy_with_logits,
}
NAMES = {"bce-with-logits": "bce"}  # what it was called before
IGNORED = -100  # PyTorch's ignore_index

# How far a row of class probabilities may be from 1: they were rounded to float32, or printed.
ROUNDED = 1e-4


def chosen(named, output, targets):
    """The loss that is named, or the one that the targets are for; and why.

    Whole numbers are classes. Rows of numbers from 0 to 1 that sum to 1, one for each score, are probabilities of the
    classes, and other real numbers are for the mean squared error. Raises ExportError where that cannot be known.
    """
    if named is not None:
        named = NAMES.get(named, named)
        if named not in LOSSES:
            raise ExportError("There is no loss %s: say %s." % (named, ", ".join(LOSSES)))
        return named, "asked for"
    if targets.dtype == torch.bool:
        raise ExportError("The targets are true or false: say --loss bce or --loss mse, and convert them in make(), such as targets.float().")
    if not targets.is_floating_point():
        return "cross-entropy", "the targets are whole numbers, which are classes"
    if _are_probabilities(targets) and targets.shape == output.shape:
        if _are_probabilities(output):
            raise ExportError(
                "Both the targets and the model's output look like probabilities of classes. Say --loss mse for the mean "
                "squared error of them, or let the model return unnormalised scores, without its softmax, and say "
                "--loss cross-entropy.")
        return "cross-entropy", "the targets are probabilities of classes: none is below 0, and those of a position sum to 1"
    if ((targets == 0) | (targets == 1)).all():
        return "mse", "the targets are real numbers; they are all 0 or 1, so perhaps --loss bce is meant"
    return "mse", "the targets are real numbers"


def value(loss, output, targets):
    """The mean loss, a single number. Raises ExportError where output or targets do not fit it."""
    _check(loss, output, targets)
    targets = targets.to(output.dtype) if targets.is_floating_point() else targets.long()
    try:
        result = LOSSES[loss](output, targets)
    except Exception as error:  # what _check does not know
        raise ExportError("The loss %s cannot be evaluated: %s" % (loss, described(error))) from error
    if not torch.isfinite(result):
        raise ExportError("The loss %s is %s. Look for NaN or infinity in weights, inputs and targets." % (loss, float(result)))
    return result


def _check(loss, output, targets):
    shapes = "the model's output is %s and the targets are %s" % (list(output.shape), list(targets.shape))
    if loss != "cross-entropy":
        if not targets.is_floating_point():
            raise ExportError("With --loss %s targets are real numbers, and they are %s: convert them in make(), such as targets.float()." % (
                loss, word(targets.dtype)))
        if output.shape != targets.shape:
            # PyTorch would broadcast, which is never meant.
            hint = ": squeeze or unsqueeze one of them in make()" if output.numel() == targets.numel() else ""
            raise ExportError("With --loss %s output and targets must have one shape: %s%s." % (loss, shapes, hint))
        if loss == "bce" and ((targets < 0) | (targets > 1)).any():
            raise ExportError("With --loss bce targets must lie between 0 and 1; there is %s." % _first((targets < 0) | (targets > 1), targets))
        return
    if output.dim() < 2 or output.shape[1] == 1:
        raise ExportError(
            "With --loss cross-entropy dimension 1 of the output holds a score for each class, and there must be two or more: %s. "
            "For one score a sample, yes or no, say --loss bce and give the targets as real numbers." % shapes)
    if targets.is_floating_point():
        if output.shape != targets.shape:
            raise ExportError("With --loss cross-entropy real targets are a probability for each score: %s." % shapes)
        if (targets < 0).any():
            raise ExportError("Probabilities of classes must not be negative; there is %s." % _first(targets < 0, targets))
        return
    if targets.shape != output.shape[:1] + output.shape[2:]:
        raise ExportError("With --loss cross-entropy there must be a class for each position of the output: %s.%s" % (
            shapes, _shape_hint(output, targets)))
    classes = output.shape[1]
    wrong = ((targets < 0) | (targets >= classes)) & (targets != IGNORED)
    if wrong.any():
        raise ExportError("Targets must be classes from 0 to %d, since the output has %d scores; there is %s." % (
            classes - 1, classes, _first(wrong, targets)))


def _shape_hint(output, targets):
    if output.dim() > 2 and targets.shape == output.shape[:-1]:
        return " PyTorch has the classes in dimension 1, and here they are in the last: return logits.%s, which is %s." % (
            "transpose(1, 2)" if output.dim() == 3 else "movedim(-1, 1)", list(output.movedim(-1, 1).shape))
    if targets.dim() == output.dim() and targets.shape[1] == 1:
        return " Give the targets without their dimension 1: targets.squeeze(1)."
    if targets.shape == output.shape:
        return " Probabilities of classes are given as real numbers: targets.float()."
    return ""


def _are_probabilities(values):
    return bool(
        values.dim() >= 2 and values.shape[1] >= 2 and (values >= 0).all()
        and ((values.double().sum(1) - 1).abs() <= ROUNDED).all())


def _first(wrong, targets):
    place = wrong.nonzero()[0].tolist()
    where = "sample %d" % place[0] + (", at %s" % place[1:] if len(place) > 1 else "")
    return "%s, of %s" % (targets[tuple(place)].item(), where)
