"""Which loss, its reduction and arguments, and whether output and targets fit it."""
import collections
from typing import Any, Dict, Optional

import torch
from torch import nn
from torch.nn import functional

from .errors import ExportError, described
from .files import word

NAMES = {"bce-with-logits": "bce"}  # what it was called before
OWN = "model"  # the model takes inputs and targets, and returns its loss
IGNORED = -100  # the class that does not count where nobody says another: PyTorch's ignore_index
REDUCTIONS = ("mean", "sum", "batch-mean")

# How far a row of class probabilities may be from 1: they were rounded to float32, or printed.
ROUNDED = 1e-4


def _number(right, is_right):
    def read(text):
        number = float(text)
        if not is_right(number):
            raise ValueError(right)
        return number
    return read


def _numbers(text):
    numbers = [float(part) for part in text.split(",")] if isinstance(text, str) else [float(part) for part in text]
    if not all(0 <= number < float("inf") for number in numbers) or not any(numbers):
        raise ValueError("must be numbers from 0 up, at least one of them above it, with commas between them")
    return numbers


def _dimension(text):
    number = -1 if text == "last" else int(text)
    if number == 0:
        raise ValueError("must not be 0, the dimension of the samples")
    return number


def _truth(text):
    if text in (True, False):
        return bool(text)
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


Argument = collections.namedtuple("Argument", "read default metavar help")

# The options of actorhutch, which has the same names, and how each is read.
ARGUMENTS = {
    "ignore-index": Argument(int, IGNORED, "N", "targets of this class count for nothing"),
    "class-dimension": Argument(_dimension, 1, "N|last", "the output's dimension of the classes, such as last for [N, T, C]"),
    "class-weights": Argument(_numbers, None, "NUMBER,...", "a weight for each class"),
    "label-smoothing": Argument(
        _number("must lie between 0 and 1", lambda x: 0 <= x <= 1), 0.0, "SHARE", "so much of each target is spread evenly over the classes"),
    "pos-weight": Argument(_numbers, None, "NUMBER,...", "the weight of positive targets: one number, or one for each class"),
    "beta": Argument(_number("must be above 0", lambda x: 0 < x < float("inf")), 1.0, "NUMBER", "below this difference smooth-l1 is quadratic"),
    "delta": Argument(_number("must be above 0", lambda x: 0 < x < float("inf")), 1.0, "NUMBER", "below this difference huber is quadratic"),
    "log-target": Argument(_truth, False, "true|false", "whether the targets of kl-div are logarithms"),
}

Entry = collections.namedtuple("Entry", "module function arguments")

# Each loss: PyTorch's class and function, and the arguments that the function takes, by its names for them.
LOSSES = {
    "cross-entropy": Entry(nn.CrossEntropyLoss, functional.cross_entropy, {
        "ignore-index": "ignore_index", "class-dimension": None, "class-weights": "weight", "label-smoothing": "label_smoothing"}),
    "mse": Entry(nn.MSELoss, functional.mse_loss, {}),
    "bce": Entry(nn.BCEWithLogitsLoss, functional.binary_cross_entropy_with_logits, {"class-dimension": None, "pos-weight": "pos_weight"}),
    "bce-of-probabilities": Entry(nn.BCELoss, functional.binary_cross_entropy, {}),
    "nll": Entry(nn.NLLLoss, functional.nll_loss, {
        "ignore-index": "ignore_index", "class-dimension": None, "class-weights": "weight"}),
    "l1": Entry(nn.L1Loss, functional.l1_loss, {}),
    "smooth-l1": Entry(nn.SmoothL1Loss, functional.smooth_l1_loss, {"beta": "beta"}),
    "huber": Entry(nn.HuberLoss, functional.huber_loss, {"delta": "delta"}),
    "kl-div": Entry(nn.KLDivLoss, functional.kl_div, {"log-target": "log_target"}),
    OWN: Entry(None, None, {}),
}
OF_CLASSES = ("cross-entropy", "nll")


class Loss:
    """A loss by its name, with a reduction and arguments: Loss("cross-entropy", label_smoothing=0.1, class_dimension=-1).

    name may be None: the loss is then the one that the targets are for. Raises ExportError where an argument is not right.
    """

    def __init__(self, name: Optional[str] = None, reduction: str = "mean", **arguments: Any) -> None:
        self.name = None if name is None else NAMES.get(name, name)
        if self.name is not None and self.name not in LOSSES:
            raise ExportError("There is no loss %s: say %s." % (name, ", ".join(LOSSES)))
        if reduction not in REDUCTIONS:
            raise ExportError("The reduction is %s; it must be %s." % (reduction, ", ".join(REDUCTIONS)))
        self.reduction = reduction
        self.arguments: Dict[str, Any] = {}
        for key, given in arguments.items():
            self._take(key.replace("_", "-"), given)
        self._check_owner()

    @classmethod
    def of(cls, loss: Any, reduction: Optional[str] = None, **arguments: Any) -> "Loss":
        """The loss of a name, a Loss, or a loss of torch.nn; what is not None takes the place of its own."""
        if isinstance(loss, nn.Module):
            loss = _of_module(loss)
        elif not isinstance(loss, Loss):
            if loss is not None and not isinstance(loss, str):
                raise ExportError("The loss must be a name, %s, or a loss of torch.nn, and is a %s." % (", ".join(LOSSES), type(loss).__name__))
            loss = cls(loss)
        own = {key.replace("-", "_"): given for key, given in loss.arguments.items()}
        own.update({key: given for key, given in arguments.items() if given is not None})
        return cls(loss.name, reduction or loss.reduction, **own)

    def argument(self, name: str) -> Any:
        """Its value, or the default's."""
        return self.arguments.get(name, ARGUMENTS[name].default)

    def named(self, name: Optional[str], **more: Any) -> "Loss":
        """The same under a name, and with more arguments."""
        return Loss(name, self.reduction, **{key.replace("-", "_"): given for key, given in self.arguments.items()}, **more)

    def texts(self) -> Dict[str, str]:
        """The arguments that are not at their defaults, as actorhutch reads them."""
        return {key: _text(given) for key, given in self.arguments.items() if given != ARGUMENTS[key].default}

    def __str__(self) -> str:
        shown = ", ".join("%s %s" % pair for pair in self.texts().items())
        return (self.name or "that the targets are for") + (" (%s)" % shown if shown else "") + ("" if self.reduction == "mean" else ", " + self.reduction)

    def _take(self, name, given):
        if name not in ARGUMENTS:
            raise ExportError("There is no argument %s of losses: there are %s." % (name, ", ".join(ARGUMENTS)))
        try:
            self.arguments[name] = ARGUMENTS[name].read(given)
        except (ValueError, TypeError) as error:
            raise ExportError("%s is %s: it %s." % (
                name, given, error if str(error).startswith("must") else "must be " + ARGUMENTS[name].metavar)) from error

    def _check_owner(self):
        known = LOSSES[self.name].arguments if self.name is not None else ARGUMENTS
        for name in self.texts():
            if name not in known:
                raise ExportError("The loss %s has no argument %s, which is one of %s." % (
                    self.name, name, ", ".join(key for key, entry in LOSSES.items() if name in entry.arguments)))


def _text(given):
    if isinstance(given, bool):
        return "true" if given else "false"
    return ",".join(map(repr, given)) if isinstance(given, list) else repr(given)


def _of_module(module):
    """A loss of torch.nn with what it was made with."""
    name = next((key for key, entry in LOSSES.items() if type(module) is entry.module), None)
    if name is None:
        raise ExportError("The loss %s is none that is known: %s. Let it be one of these." % (
            type(module).__name__, ", ".join(entry.module.__name__ for entry in LOSSES.values() if entry.module)))
    if module.reduction not in ("mean", "sum", "batchmean"):
        raise ExportError("The loss %s has the reduction %s, and the loss must be a single number: say mean or sum." % (
            type(module).__name__, module.reduction))
    arguments = {}
    for key, attribute in LOSSES[name].arguments.items():
        given = getattr(module, attribute) if attribute else None
        if isinstance(given, torch.Tensor):
            if key == "pos-weight" and given.numel() > 1:
                wide = [place - given.dim() for place, size in enumerate(given.shape) if size > 1]
                if len(wide) > 1:
                    raise ExportError("pos_weight has the shape %s; it must be one number for each class." % list(given.shape))
                arguments["class_dimension"] = wide[0]
            given = given.detach().double().flatten().tolist()
        if given is not None:
            arguments[key.replace("-", "_")] = given
    if name in ("bce", "bce-of-probabilities") and module.weight is not None:
        raise ExportError("The loss %s has a weight for each number of a batch, which cannot be written." % type(module).__name__)
    if name == "smooth-l1" and module.beta == 0:
        name, arguments = "l1", {}
    return Loss(name, "batch-mean" if module.reduction == "batchmean" else module.reduction, **arguments)


def chosen(loss, output, targets):
    """The loss that is named, or the one that the targets are for; and why.

    Whole numbers are classes. Rows of numbers from 0 to 1 that sum to 1, one for each score, are probabilities of the
    classes, and other real numbers are for the mean squared error. Raises ExportError where that cannot be known.
    """
    name, reason = loss.name, "the model computes it" if loss.name == OWN else "asked for"
    if name is None:
        name, reason = _for_targets(output, targets, loss.argument("class-dimension"))
    if name in OF_CLASSES and "class-dimension" not in loss.arguments and _has_classes_last(output, targets):
        return loss.named(name, class_dimension=-1), reason + "; of an output of %s, they are in the last dimension" % list(output.shape)
    return loss.named(name), reason


def _for_targets(output, targets, dimension):
    if targets.dtype == torch.bool:
        raise ExportError("The targets are true or false: say --loss bce or --loss mse, and convert them in make(), such as targets.float().")
    if not targets.is_floating_point():
        return "cross-entropy", "the targets are whole numbers, which are classes"
    if _are_probabilities(targets, dimension) and targets.shape == output.shape:
        if _are_probabilities(output, dimension):
            raise ExportError(
                "Both the targets and the model's output look like probabilities of classes. Say --loss mse for the mean "
                "squared error of them, or let the model return unnormalised scores, without its softmax, and say "
                "--loss cross-entropy.")
        return "cross-entropy", "the targets are probabilities of classes: none is below 0, and those of a position sum to 1"
    if ((targets == 0) | (targets == 1)).all():
        return "mse", "the targets are real numbers; they are all 0 or 1, so perhaps --loss bce is meant"
    return "mse", "the targets are real numbers"


def value(loss, output, targets):
    """The reduced loss, a single number. Raises ExportError where output or targets do not fit it."""
    if loss.name == OWN:
        return output.sum() if loss.reduction == "sum" else output.mean()
    place = _place(loss, output)
    _check(loss, output, targets, place)
    targets = targets.to(output.dtype) if targets.is_floating_point() else targets.long()
    given = {}
    for key, name in LOSSES[loss.name].arguments.items():
        own = loss.argument(key)
        if name and isinstance(own, list):
            own = output.new_tensor(own)
            if key == "pos-weight" and len(own) > 1:
                own = own.view([-1 if dimension == place else 1 for dimension in range(output.dim())])
        if name and own is not None:
            given[name] = own
    samples, numbers = len(output), output.numel()
    if loss.name in OF_CLASSES:
        if targets.is_floating_point():
            targets = targets.movedim(place, 1)
            given.pop("ignore_index")
        output = output.movedim(place, 1)
    try:
        # The mean of kl_div is said to become another one.
        plain = loss.reduction == "mean" and loss.name != "kl-div"
        result = LOSSES[loss.name].function(output, targets, reduction="mean" if plain else "sum", **given)
    except Exception as error:  # what _check does not know
        raise ExportError("The loss %s cannot be evaluated: %s" % (loss, described(error))) from error
    if not plain and loss.reduction != "sum":
        result = result / (samples if loss.reduction == "batch-mean" else numbers)
    if not torch.isfinite(result):
        raise ExportError("The loss %s is %s. Look for NaN or infinity in weights, inputs and targets, or for a batch whose targets are all ignored." % (loss, float(result)))
    return result


def _place(loss, output):
    """The output's dimension of the classes; None where it is not asked for."""
    given = loss.argument("class-dimension")
    if loss.name not in OF_CLASSES and len(loss.argument("pos-weight") or ()) < 2:
        return None
    place = given + output.dim() if given < 0 else given
    if not 1 <= place < output.dim():
        if loss.name in OF_CLASSES and given == 1:
            return place  # said below
        raise ExportError("The model's output is %s, and has no dimension %d of classes (--class-dimension)." % (list(output.shape), given))
    return place


def _check(loss, output, targets, place):
    shapes = "the model's output is %s and the targets are %s" % (list(output.shape), list(targets.shape))
    if loss.name not in OF_CLASSES:
        _check_numbers(loss, output, targets, place, shapes)
        return
    if output.dim() < 2 or output.shape[place] == 1:
        raise ExportError(
            "With --loss %s dimension %d of the output holds a score for each class, and there must be two or more: %s. "
            "For one score a sample, yes or no, say --loss bce and give the targets as real numbers." % (loss.name, place, shapes))
    weights = loss.argument("class-weights")
    if weights is not None and len(weights) != output.shape[place]:
        raise ExportError("There are weights of %d classes: %s.%s" % (len(weights), shapes, _shape_hint(output, targets)))
    if targets.is_floating_point():
        if loss.name == "nll":
            raise ExportError("With --loss nll targets are classes, and they are %s." % word(targets.dtype))
        if output.shape != targets.shape:
            raise ExportError("With --loss cross-entropy real targets are a probability for each score: %s." % shapes)
        if (targets < 0).any():
            raise ExportError("Probabilities of classes must not be negative; there is %s." % _first(targets < 0, targets))
        return
    if targets.shape != output.shape[:place] + output.shape[place + 1:]:
        raise ExportError("With --loss %s there must be a class for each position of the output: %s.%s" % (
            loss.name, shapes, _shape_hint(output, targets)))
    classes, ignored = output.shape[place], loss.argument("ignore-index")
    wrong = ((targets < 0) | (targets >= classes)) & (targets != ignored)
    if wrong.any():
        raise ExportError("Targets must be classes from 0 to %d, since the output has %d scores, or %d, which does not count (--ignore-index); "
            "there is %s." % (classes - 1, classes, ignored, _first(wrong, targets)))


def _check_numbers(loss, output, targets, place, shapes):
    if not targets.is_floating_point():
        raise ExportError("With --loss %s targets are real numbers, and they are %s: convert them in make(), such as targets.float()." % (
            loss.name, word(targets.dtype)))
    if output.shape != targets.shape:
        # PyTorch would broadcast, which is never meant.
        hint = ": squeeze or unsqueeze one of them in make()" if output.numel() == targets.numel() else ""
        raise ExportError("With --loss %s output and targets must have one shape: %s%s." % (loss.name, shapes, hint))
    weights = loss.argument("pos-weight") or ()
    if len(weights) > 1 and len(weights) != output.shape[place]:
        raise ExportError("There are weights of %d classes' positive targets: %s (--pos-weight, --class-dimension)." % (len(weights), shapes))
    if loss.name in ("bce", "bce-of-probabilities") or loss.name == "kl-div" and not loss.argument("log-target"):
        most = 1 + ROUNDED if loss.name == "kl-div" else 1
        wrong = (targets < 0) | (targets > most)
        if wrong.any():
            raise ExportError("With --loss %s targets must lie between 0 and 1; there is %s." % (loss.name, _first(wrong, targets)))
    elif loss.name == "kl-div" and (targets > ROUNDED).any():
        raise ExportError("With --log-target true targets are logarithms of probabilities, which are not above 0; there is %s." % _first(targets > ROUNDED, targets))
    if loss.name == "bce-of-probabilities" and not ((output >= 0) & (output <= 1)).all():
        raise ExportError("With --loss bce-of-probabilities the model's output must lie between 0 and 1. For unnormalised scores there is --loss bce.")


def _shape_hint(output, targets):
    if output.dim() > 2 and targets.shape == output.shape[:-1]:
        return " PyTorch has the classes in dimension 1; where here they are in the last, say --class-dimension last."
    if targets.dim() == output.dim() and targets.shape[1] == 1:
        return " Give the targets without their dimension 1: targets.squeeze(1)."
    if targets.shape == output.shape:
        return " Probabilities of classes are given as real numbers: targets.float()."
    return ""


def _has_classes_last(output, targets):
    """Whether class numbers are for scores in the last dimension, as language models have them, and for no others."""
    return (not targets.is_floating_point() and output.dim() > 2 and targets.shape == output.shape[:-1]
            and targets.shape != output.shape[:1] + output.shape[2:])


def _are_probabilities(values, dimension):
    return bool(
        values.dim() >= 2 and -values.dim() < dimension < values.dim() and values.shape[dimension] >= 2 and (values >= 0).all()
        and ((values.double().sum(dimension) - 1).abs() <= ROUNDED).all())


def _first(wrong, targets):
    place = wrong.nonzero()[0].tolist()
    where = "sample %d" % place[0] + (", at %s" % place[1:] if len(place) > 1 else "")
    return "%s, of %s" % (targets[tuple(place)].item(), where)
