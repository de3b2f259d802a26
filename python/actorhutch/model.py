"""A model, a loss and data, exported once."""
from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from typing import Any, Callable, Dict, List, Optional, Tuple

import torch
from torch import nn

from .data import batch_of
from .errors import InputError
from .export.check import write_check
from .export.files import CHECK, read_safetensors, write_safetensors
from .export.given import Given
from .export.graph import write_graph, write_model
from .export.losses import ARGUMENTS, LOSSES, OWN, Loss
from .export.program import write_program
from .results import Check, Diagonal, Eigenvalues, Spectrum, Trace

# What of the options belongs to the loss, which is exported with the data.
OF_LOSS = ("reduction",) + tuple(name.replace("-", "_") for name in ARGUMENTS)
OF_EXPORT = ("form", "output", "targets")
_FORMS = ("auto", "graph", "torchscript")
# The files of a model that is described.
DESCRIPTION, WEIGHTS, DATA = "model.json", "weights.safetensors", "data.safetensors"


class WithLoss(nn.Module):
    """A model that computes its loss: ``loss(model(inputs), targets)``."""

    def __init__(self, model: nn.Module, loss: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.loss = model, loss
        self.training = model.training  # train() would reach into the user's modules

    def forward(self, *inputs: Any, **named: Any) -> Any:
        if named:
            targets = named.pop("targets")
            return self.loss(self.model(**named), targets)
        return self.loss(self.model(*inputs[:-1]), inputs[-1])


class Model:
    """A model with its loss and data, exported at the first call; each later call writes its weights alone.

    Args:
        model: a ``torch.nn.Module``. It is written in evaluation mode, in float32 where its numbers have 16 bits, and left as it is.
        loss: a loss of torch.nn; its function in torch.nn.functional; a name, such as ``"mse"``, or an ``actorhutch.Loss``; ``"model"`` for
            a model that takes the targets behind its inputs and returns the loss; or a function of your own of (output, targets), which
            returns the loss of each sample, shape ``[N]``, or their mean, shape ``[]``. None: what the targets are for.
        data: ``(inputs, targets)``, a DataLoader, a Dataset, or an iterable of batches; batches may be dicts. They are read once.
        targets: the name of the targets in batches that are dicts, where it is not plain.
        output: the part of what the model returns that the loss takes, such as ``"logits"`` or ``"0"``.
        form: ``"auto"``, layers or else a graph of operations; ``"graph"``; or ``"torchscript"``.
        options: the loss's own, as ``reduction="sum"``, ``label_smoothing=0.1``, ``class_dimension="last"``.

    It has a method for every function of this package, as ``trace`` and ``eigenvalues``, with the same options. Its files are in a
    temporary folder until ``close()``, the end of a ``with``, or the end of the program.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(3, 2)
    >>> data = torch.randn(16, 3), torch.randint(2, (16,))
    >>> with actorhutch.Model(net, torch.nn.CrossEntropyLoss(), data) as model:
    ...     before = model.exact(quiet=True)
    ...     with torch.no_grad():
    ...         net.weight.mul_(10)                 # a step of training
    ...     after = model.exact(quiet=True)         # writes the weights alone
    Parameter containing:...
    >>> before.trace > after.trace > 0
    True
    """

    # One for each function of the package, which commands.py makes.
    trace: Callable[..., Trace]
    exact: Callable[..., Trace]
    subsample: Callable[..., Trace]
    xtrace: Callable[..., Trace]
    hutchpp: Callable[..., Trace]
    spectrum: Callable[..., Spectrum]
    eigenvalues: Callable[..., Eigenvalues]
    diagonal: Callable[..., Diagonal]
    check: Callable[..., Check]

    def __init__(self, model: nn.Module, loss: Any = None, data: Any = None, *, targets: Optional[str] = None, output: Optional[str] = None,
                 form: str = "auto", **options: Any) -> None:
        if form not in _FORMS:
            raise InputError("form=%r: it must be %s." % (form, ", ".join(_FORMS)))
        unknown = [name for name in options if name not in OF_LOSS]
        if unknown:
            raise TypeError("Model has no option %s; a loss has %s." % (unknown[0], ", ".join(OF_LOSS)))
        if not isinstance(model, nn.Module):
            raise InputError("The model must be a torch.nn.Module, and is a %s." % type(model).__name__)
        named, own = _loss(loss)
        reduction = options.pop("reduction", None)
        self._loss = Loss.of(named, reduction, **options)
        self._model, self._prefix = model, ""
        self._inputs, self._targets = batch_of(data, model.forward, targets, named == OWN and own is None)
        if own is not None:
            self._model, self._prefix = WithLoss(model, own), "model."
        self._output, self.form = output, form
        self._folder: Optional[str] = None
        self._state: Dict[str, Tuple[bool, torch.Tensor]] = {}
        self._names: Dict[str, str] = {}
        self._back: Dict[str, str] = {}
        self.exports = 0

    def close(self) -> None:
        """Removes the temporary files. A later call exports anew."""
        if self._folder is not None:
            self._finalizer()
            self._folder = None

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def files(self) -> List[str]:
        """Writes what has changed, and returns the program's options that name the files."""
        if self._folder is None or not self._update():
            self._export()
        names = [("model", "model.pt")] if self.form == "torchscript" else [("model", DESCRIPTION), ("weights", WEIGHTS)]
        return ["--%s=%s" % (option, self.path(name)) for option, name in names + [("data", DATA)]]

    def path(self, name: str) -> str:
        """A file's path in the temporary folder, which there is once ``files()`` has been called."""
        assert self._folder is not None
        return os.path.join(self._folder, name)

    def write_check(self) -> str:
        """Writes what PyTorch finds for the loss and one v'Hv; returns the file's path."""
        self.files()
        write_check(self._given(), self.path(""), self._names)
        return self.path(CHECK)

    def name(self, written: str) -> str:
        """The name in the model of a parameter that has another in the files."""
        own = self._back.get(written, written)
        return own[len(self._prefix):] if own.startswith(self._prefix) else own

    def _given(self) -> Given:
        return Given(self._model, self._inputs, self._targets, self._loss, self._output)

    def _export(self) -> None:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="actorhutch-")
            self._finalizer = weakref.finalize(self, shutil.rmtree, self._folder, True)
        given = self._given()
        if self.form == "torchscript":
            write_program(given, self._folder)
        elif self.form == "graph" or self._prefix:
            write_graph(given, self._folder)
        else:
            self._names = write_model(given, self._folder) or {}
        self._back = {written: own for own, written in self._names.items()}
        self._state = _state(self._model)
        self.exports += 1

    def _update(self) -> bool:
        """Writes parameters and buffers where nothing else is other than it was at the export; else returns False.

        The file may have tensors that are neither, such as what a graph computes of buffers alone, which was computed at the export: of
        other buffers it would be another.
        """
        now = _state(self._model)
        if self.form == "torchscript" or now.keys() != self._state.keys():
            return False
        tensors = read_safetensors(self.path(WEIGHTS))
        has_others = not tensors.keys() <= {self._names.get(name, name) for name in now}
        for name, (trained, value) in now.items():
            before_trained, before = self._state[name]
            if trained != before_trained or value.shape != before.shape or value.dtype != before.dtype:
                return False
            if has_others and not trained and not _same(value, before):
                return False
            written = self._names.get(name, name)
            if written in tensors:
                value = value.detach().cpu()
                tensors[written] = value.float() if value.dtype in (torch.float16, torch.bfloat16) else value.clone()
            elif has_others and trained:
                return False
        # Under another name first: a program that still reads the old file reads the old file.
        write_safetensors(self.path(WEIGHTS + ".new"), tensors)
        os.replace(self.path(WEIGHTS + ".new"), self.path(WEIGHTS))
        return True


def _state(model: nn.Module) -> Dict[str, Tuple[bool, torch.Tensor]]:
    """Parameters and buffers by name, and whether they are trained; copies of those that are not."""
    found = {name: (p.requires_grad, p if p.requires_grad else p.detach().clone()) for name, p in model.named_parameters()}
    found.update((name, (False, value.detach().clone())) for name, value in model.named_buffers())
    return found


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return bool(torch.equal(one, other.to(one.device)))


def _loss(loss: Any) -> Tuple[Any, Optional[Callable[..., Any]]]:
    """What the exporter calls it; and the function, where it is one of the user's."""
    if loss is None or isinstance(loss, (str, Loss)):
        return loss, None
    for name, entry in LOSSES.items():
        if loss is entry.function and loss is not None:
            return name, None
        if entry.module is not None and type(loss) is entry.module:
            return loss, None
    if callable(loss):
        return OWN, loss
    raise InputError("The loss must be a loss of torch.nn, a name, or a function of (output, targets), and is a %s." % type(loss).__name__)
