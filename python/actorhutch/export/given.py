"""A model and a batch, as make() returns them."""
import collections.abc
import copy
import os
from typing import Any, Optional

import torch
from torch import nn

from . import losses
from .batch import TARGETS, Batch, check_tensor, kinds, wanted
from .errors import ExportError, described, say
from .files import word, write_safetensors
from .outcome import Outcome, same

# Where actorhutch finds the loss, and with a dot and their names behind it its reduction and arguments.
LOSS = "actorhutch.loss"


class Given:
    """A model and a batch, checked. Whatever the model does to itself or to its inputs, it does to copies."""

    def __init__(self, model: nn.Module, inputs: Any, targets: Any, loss: Any = None, output: Optional[str] = None,
                 ignore_index: Optional[int] = None, class_dimension: Any = None) -> None:
        self._check_model(model)
        named = losses.Loss.of(loss, ignore_index=ignore_index, class_dimension=class_dimension)
        self._derived = set(_derived(model))
        self._model = self._adopted(model)
        self._batch = Batch(inputs, self._model.forward)
        self.computes_loss = named.name == losses.OWN
        self._targets, keyword = self._checked_targets(targets)
        self._given = self._batch.with_targets(self._targets, keyword) if self.computes_loss else self._batch
        self._key = output
        self.precise = torch.float64 if self._runs_in_double() else None
        self.reference = self._evaluated()
        shown = self.reference.output
        if self.computes_loss and shown.dim() == 1 and len(shown) != len(self):
            raise self._no_loss(shown)
        self.loss, self.loss_reason = losses.chosen(named, shown, self._targets)
        self.loss_value = float(self.loss_of(shown))

    def __len__(self):
        return len(self._batch)

    @property
    def names(self):
        """What the model takes, by name."""
        return self._given.names

    def model(self, dtype=None):
        """The model anew, in evaluation mode; its floating-point numbers converted to a type."""
        model = _copied(self._model)
        return model if dtype is None else model.to(dtype)

    def inputs(self, dtype=None, samples=None):
        """What the model takes anew, a tuple of tensors: of the first samples, or of as many as are asked for."""
        return self._given.rows(dtype, samples)

    def arguments(self, inputs):
        """How the model takes it: arguments in order, and arguments by name."""
        return self._given.arguments(inputs)

    def loss_of(self, output):
        """The reduced loss at an output."""
        return losses.value(self.loss, output, self._targets.clone())

    def outcome(self, samples=None, dtype=None):
        """What the model computes, run afresh."""
        return Outcome.of(self.model(dtype), self.inputs(dtype, samples), self.run)

    def run(self, model, inputs):
        """The output that the loss takes: one tensor, with its history."""
        try:
            with torch.enable_grad():
                whole = self._given.call(model, inputs)
        except ExportError:
            raise
        except Exception as error:  # whatever it is, it is the user's
            raise ExportError("The model cannot be run on the inputs: %s%s" % (described(error), self._hint(error))) from error
        return self.pick(whole)

    def pick(self, whole):
        """The part of what the model returns that --output names."""
        if self._key is None:
            if isinstance(whole, torch.Tensor):
                return self._checked(whole)
            raise ExportError(
                "The model returns %s. Say which is the one that the loss takes, with --output and one of %s." % (
                    _kind(whole), _listed(whole)) if _parts(whole) else
                "The model returns %s; it must return one tensor, or a tuple or dict with it." % _kind(whole))
        found = whole
        path: Optional[str] = self._key
        while path is not None:
            parts = _parts(found)
            first, _, rest = (path, "", "") if path in parts else path.partition(".")
            if first not in parts:
                raise ExportError("--output %s: the model returns %s, which has %s." % (
                    self._key, _kind(whole), _listed(whole) or "no parts"))
            found, path = parts[first], rest or None
        if not isinstance(found, torch.Tensor):
            raise ExportError("--output %s is %s; it must be a tensor: %s." % (
                self._key, _kind(found), _listed(found, self._key + ".") or "it has no parts"))
        return self._checked(found)

    def write_data(self, folder):
        """Writes inputs and targets, and which loss is meant, which actorhutch takes where nobody says another."""
        said = dict(self.loss.texts(), **({} if self.loss.reduction == "mean" else {"reduction": self.loss.reduction}))
        write_safetensors(
            os.path.join(folder, "data.safetensors"), {**self._batch.tensors, TARGETS: self._targets},
            dict({LOSS: self.loss.name}, **{"%s.%s" % (LOSS, key): text for key, text in said.items()}))

    @property
    def picks(self):
        """Whether --output names a part."""
        return self._key is not None

    def trainable(self):
        """Whether the model has a parameter that can be trained."""
        return any(p.requires_grad for p in self._model.parameters())

    def _checked(self, output):
        if self.computes_loss:
            if output.dim() > 1:
                raise self._no_loss(output)
        elif output.dim() == 0:
            raise ExportError("The model returns a single number; the loss takes an output whose first dimension counts samples.")
        if not output.is_floating_point():
            raise ExportError("The model's output is %s; the loss takes real numbers." % word(output.dtype))
        return output

    def _no_loss(self, output):
        return ExportError("The model computes its own loss, and returns %s: it must return one number, or one for each of the %d samples." % (
            list(output.shape), len(self)))

    @staticmethod
    def _check_model(model):
        if not isinstance(model, nn.Module):
            raise ExportError("The model must be a torch.nn.Module, and is a %s." % type(model).__name__)
        for name, value in list(model.named_parameters()) + list(model.named_buffers()):
            if isinstance(value, (nn.parameter.UninitializedParameter, nn.parameter.UninitializedBuffer)):
                raise ExportError("%s has no shape yet: run the model once in make(), as lazy layers want it." % name)
            if value.device.type == "meta":
                raise ExportError("%s is on the device meta, and has no numbers." % name)

    def _adopted(self, model):
        """A copy on the CPU, in evaluation mode, in numbers that ActorHutch computes with."""
        if any(_differs_in_training(part) for part in model.modules()):
            say("the model was in training mode, and is written in evaluation mode: dropout is off, and batch "
                "normalisation takes its running statistics.")
        model = _copied(model).eval()
        elsewhere = sorted({str(p.device) for p in model.parameters()} - {"cpu"})
        if elsewhere:
            say("the model is on %s; it is computed on the CPU." % ", ".join(elsewhere))
        model = model.cpu()
        halves = sorted({word(p.dtype) for p in model.parameters() if p.dtype in (torch.float16, torch.bfloat16)})
        if halves:
            say("the model is in %s; it is written in float32, with the same numbers." % ", ".join(halves))
            model = model.float()
        return model

    def _checked_targets(self, targets):
        """The targets as they are written; and the name of the argument for which they are, where one is said."""
        keyword = None
        if isinstance(targets, collections.abc.Mapping) and len(targets) == 1 and self.computes_loss:
            (keyword, targets), = targets.items()
        check_tensor("targets", targets)
        targets = targets.detach().to("cpu", copy=True)
        if targets.dim() == 0:
            raise ExportError("targets is a single number; its first dimension must count samples.")
        if len(targets) != len(self._batch):
            raise ExportError("There are %d inputs and %d targets: there must be one target for each sample." % (
                len(self._batch), len(targets)))
        return targets.float() if targets.dtype in (torch.float16, torch.bfloat16) else targets, keyword

    def _runs_in_double(self):
        try:
            return self.pick(self._given.call(self.model(torch.float64), self.inputs(torch.float64))).dtype == torch.float64
        except Exception:  # in its own type it may run, and says there what is wrong
            return False

    def _evaluated(self):
        """The model's outcome; twice, to see that it is a function of parameters and inputs."""
        model = self.model()
        before = {name: value.clone() for name, value in model.state_dict().items()}
        tensors = _tensors(model)
        first = Outcome.of(model, self.inputs(), self.run)
        changed = [name for name, value in model.state_dict().items() if not same(before[name], value)]
        parameters = {name for name, _ in model.named_parameters()}
        if parameters & set(changed):
            raise ExportError(
                "The model changes its own parameter %s while it runs, as an Embedding with max_norm does. The loss is no "
                "function of such parameters: leave that out, or run the model once on these inputs in make(), so "
                "that nothing is left to change." % sorted(parameters & set(changed))[0])
        for path, value in _tensors(model).items():
            if path in self._derived and value is tensors.get(path):
                raise ExportError(
                    "%s was computed of parameters before forward, so that no gradient reaches them: compute it in "
                    "forward." % path)
        if not same(first.output, self.run(model, self.inputs()).detach()):
            raise ExportError(
                "The model's output for the same inputs was different the second time%s. The loss must be a function of "
                "the parameters." % (
                    ": it changes its own %s while it runs" % ", ".join(changed) if changed else
                    ": it draws random numbers in evaluation mode too, such as those of F.dropout(x) without "
                    "training=self.training, or counts its calls"))
        return first

    def _hint(self, error):
        """What may be wrong with what the model was given."""
        names = wanted(self._model.forward)
        if isinstance(error, TypeError) and len(names) > len(self.inputs()):
            return "\nforward takes %s, and it is given %s. Let make() return a tuple of all of them, or a dict." % (
                " and ".join(names), "one tensor" if len(self.names) == 1 else ", ".join(self.names))
        floats = {p.dtype for p in self._model.parameters() if p.is_floating_point()}
        if not floats or all(value.dtype in floats for value in self.inputs()):
            return ""
        return "\nInputs are %s and parameters %s: if that is what is wrong, convert the inputs in make()." % (
            kinds(self.inputs()), ", ".join(sorted(map(word, floats))))


def _copied(model):
    """A deep copy. Tensors that were computed of others, which PyTorch does not copy, lose their history in it."""
    memo = {id(value): value.detach().clone() for value in _derived(model).values()}
    try:
        return copy.deepcopy(model, memo)
    except Exception as error:  # the classes of the user's attributes decide
        raise ExportError("The model cannot be copied, which copy.deepcopy(model) must be able to do: %s" % described(error)) from error


def _tensors(model):
    """Tensors among modules' attributes and buffers, by their names."""
    found = {}
    for path, part in model.named_modules():
        for name, value in list(vars(part).items()) + list(part._buffers.items()):
            if isinstance(value, torch.Tensor):
                found["%s.%s" % (path, name) if path else name] = value
    return found


def _derived(model):
    """Those of them that were computed of others, and have a history."""
    return {name: value for name, value in _tensors(model).items() if not value.is_leaf}


def _differs_in_training(part):
    """Whether a layer drops at random, or takes the statistics of the batch, while it is trained."""
    drops = (getattr(part, name, 0) for name in ("p", "dropout"))
    return part.training and (
        any(isinstance(share, (int, float)) and share > 0 for share in drops)
        or isinstance(part, nn.modules.batchnorm._BatchNorm) and part.track_running_stats)


def _parts(value):
    """What a tuple or dict holds, by name or number."""
    if isinstance(value, collections.abc.Mapping):
        return {str(key): part for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        parts = {str(number): part for number, part in enumerate(value)}
        parts.update(zip(getattr(value, "_fields", ()), value))
        return parts
    return {}


def _kind(value):
    if isinstance(value, torch.Tensor):
        return "a tensor"
    parts = len(value) if isinstance(value, (tuple, list, collections.abc.Mapping)) else None
    return "a %s" % type(value).__name__ + ("" if parts is None else " of %d" % parts)


def _listed(value, before=""):
    """The parts, with their shapes; those of parts too."""
    shown = []
    names = getattr(value, "_fields", None)
    for name, part in _parts(value).items():
        if names and name not in names:
            continue
        if isinstance(part, torch.Tensor):
            shown.append("%s%s (%s, %s)" % (before, name, list(part.shape), word(part.dtype)))
        elif _parts(part):
            shown.append(_listed(part, before + name + "."))
    return ", ".join(shown)
