"""The inputs of a batch, as make() returns them: one tensor, a tuple of several, or a dict of them by name."""
import collections.abc
import inspect

import torch

from .errors import ExportError
from .files import word

SINGLE = "inputs"
TARGETS = "targets"
_KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Batch:
    """Tensors by name, a row a sample in each.

    A tuple is for forward's arguments in their order, and has their names; a dict is for its arguments by name. Values are
    copies on the CPU.
    """

    def __init__(self, inputs, forward):
        self._by_name = isinstance(inputs, collections.abc.Mapping)
        if self._by_name:
            given = {str(name): value for name, value in inputs.items()}
        elif isinstance(inputs, (tuple, list)):
            given = dict(zip(_names(forward, len(inputs)), inputs))
        else:
            given = {SINGLE: inputs}
        if not given:
            raise ExportError("inputs is an empty %s: it must be a tensor, or a tuple or dict of tensors." % type(inputs).__name__)
        if len(given) > 1 and TARGETS in given:
            raise ExportError("An input may not be called targets: rename that argument of forward.")
        for name, value in given.items():
            check_tensor(name if name == SINGLE else "input %s" % name, value)
        self._tensors = {name: _full(value) for name, value in given.items()}
        self._keywords = list(self._tensors) if self._by_name else []
        for name, value in self._tensors.items():
            if value.dim() == 0:
                raise ExportError("%s is a single number; its first dimension must count samples." % name)
        sizes = {name: len(value) for name, value in self._tensors.items()}
        if len(set(sizes.values())) > 1:
            raise ExportError("The first dimension of each input counts the samples, and must be the same: %s. What is the same for "
                              "all samples can be a buffer of the model." % self)
        if len(self) == 0:
            raise ExportError("The batch is empty: %s." % self)

    def __len__(self):
        return len(next(iter(self._tensors.values())))

    def __str__(self):
        return ", ".join("%s has the shape %s" % (name, list(value.shape)) for name, value in self._tensors.items())

    @property
    def names(self):
        """The inputs' names, in forward's order."""
        return list(self._tensors)

    @property
    def tensors(self):
        """The tensors by their names in the data file: those of several inputs have their own."""
        return dict(self._tensors) if len(self._tensors) > 1 else {SINGLE: next(iter(self._tensors.values()))}

    def with_targets(self, targets, keyword=None):
        """The same for a model that takes the targets too, behind the inputs."""
        more = object.__new__(Batch)
        more._by_name, more._tensors = self._by_name, {**self._tensors, TARGETS: targets}
        more._keywords = self._keywords + [keyword or TARGETS] if self._by_name else []
        return more

    def rows(self, dtype=None, samples=None):
        """The tensors anew; the first samples of them, or as many as are asked for."""
        return tuple(_converted(_first(value, samples).clone(), dtype) for value in self._tensors.values())

    def call(self, model, rows):
        """What a model returns."""
        return model(**dict(zip(self._keywords, rows))) if self._by_name else model(*rows)

    def arguments(self, rows):
        """The same as positional and named arguments."""
        return ((), dict(zip(self._keywords, rows))) if self._by_name else (tuple(rows), {})


def check_tensor(name, value):
    """Raises ExportError for what is no dense tensor with numbers in it."""
    if isinstance(value, torch.Tensor):
        if value.is_sparse or value.device.type == "meta":
            raise ExportError("%s must be a dense tensor with numbers in it." % name)
        return
    kind = type(value)
    hint = (": torch.from_numpy makes one of it." if kind.__module__ == "numpy"
            else ": torch.tensor or torch.stack makes one of it." if isinstance(value, (list, tuple)) else ".")
    raise ExportError("%s must be a tensor, and is a %s%s" % (name, kind.__name__, hint))


def wanted(forward):
    """Names of the arguments that must be given."""
    return [name for name, parameter in inspect.signature(forward).parameters.items()
            if parameter.kind in _KINDS and parameter.default is inspect.Parameter.empty]


def _names(forward, count):
    """The names of forward's first arguments."""
    parameters = list(inspect.signature(forward).parameters.values())
    names = [parameter.name for parameter in parameters if parameter.kind in _KINDS]
    if any(parameter.kind == inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        names += ["input.%d" % place for place in range(len(names), count)]
    if count > len(names):
        raise ExportError("make() returns %d inputs, and forward takes %d (%s). A list of samples is made one batch by torch.stack." % (
            count, len(names), ", ".join(names) or "none"))
    return names[:count]


def _full(value):
    value = value.detach().to("cpu", copy=True)
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _first(value, samples):
    return value if samples is None else torch.cat([value] * (-(-samples // len(value))))[:samples]


def _converted(value, dtype):
    return value if dtype is None or not value.is_floating_point() else value.to(dtype)


def kinds(rows):
    """Number types, in words."""
    return ", ".join(word(value.dtype) for value in rows)
