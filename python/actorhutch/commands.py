"""The functions of this package: one for each command of the program, from one list at the end."""
from __future__ import annotations

import json
import os
import shutil
import tempfile
from typing import Any, Callable, Dict, List, Optional, Type, TypeVar, Union

from . import program
from .errors import InputError, Interrupted, JobError
from .model import OF_EXPORT, OF_LOSS, Model
from .results import Check, Diagonal, Eigenvalues, Result, Series, Spectrum, Trace
from .tracker import Tracker

R = TypeVar("R", bound=Result)

# What this package says itself.
_OURS = ("model", "weights", "data", "inputs", "targets", "model-assembly", "model-type", "json", "print-job", "help", "loss")
_INTERRUPTED = 130
# Each function's name in this package.
NAMES: List[str] = []
_MORE = """
    Args:
        model: a ``torch.nn.Module``, or an ``actorhutch.Model``, which keeps its export; loss and data are its own then.
        loss, data: as for ``actorhutch.Model``, whose other arguments may be given too.
        options: the options of ``actorhutch %s`` by their names with underscores, as ``relative_error=0.01``, ``workers=2``,
            ``cluster=True``, ``out="report"``. Lists are written with commas. ``actorhutch %s --help`` has them all.

    Raises:
        InputError: something is wrong with what was given.
        JobError: the job could not finish.
        ProgramError: there is no program, or it is of another version.
        TypeError: there is no such option.
        Interrupted: Ctrl-C was pressed; its ``result`` is what was computed until then.
"""

_OF_TRACKER = """%s

    It does so at every checkpoint, with the same samples and the same probes, and returns a Series. A checkpoint whose job fails is a row
    with its ``error``.

    Args:
        options: the options of ``actorhutch %s``, as for the function. With ``state=DIR`` what is computed is kept, and a later call
            computes what is new. ``actorhutch %s --help`` has them all.

    Raises:
        JobError: no checkpoint's job could finish, or the results could not be written.
        Interrupted: Ctrl-C was pressed; its ``result`` has the rows that were done.
    """


def _command(kind: str, result: Type[R], text: str, name: Optional[str] = None) -> Callable[..., R]:
    """The function that runs a command of the program, which is a method of Model too."""
    def call(model: Any, loss: Any = None, data: Any = None, **options: Any) -> R:
        if isinstance(model, Model):
            if loss is not None or data is not None:
                raise TypeError("An actorhutch.Model has its loss and its data.")
            return _run(kind, result, model, options)
        given = {key: options.pop(key) for key in OF_LOSS + OF_EXPORT if key in options}
        _arguments(kind, options)  # before anything is exported
        with Model(model, loss, data, **given) as exported:
            return _run(kind, result, exported, options)

    call.__name__ = call.__qualname__ = name or kind
    first, _, example = text.partition("\n\n")
    call.__doc__ = "%s\n%s%s" % (first, _MORE % (kind, kind), "\n    " + example if example else "")
    setattr(Model, call.__name__, call)
    if result is Trace:
        setattr(Tracker, call.__name__, _series(kind, call.__name__, first))
    NAMES.append(call.__name__)
    return call


def _series(kind: str, name: str, text: str) -> Callable[..., Series]:
    """The same over all checkpoints of a Tracker."""
    def call(tracker: Tracker, **options: Any) -> Series:
        return _run(kind, Series, tracker, options)

    call.__name__, call.__qualname__, call.__doc__ = name, "Tracker." + name, _OF_TRACKER % (text, kind, kind)
    return call


def _arguments(kind: str, options: Dict[str, Any]) -> List[str]:
    for key in options:
        if key.replace("_", "-") in _OURS:
            raise TypeError("%s=: this package says that itself: the model, its loss and its data are the function's arguments." % key)
    return program.arguments(kind, options)


def _run(kind: str, result: Type[R], model: Union[Model, Tracker], options: Dict[str, Any]) -> R:
    out = options.get("out")
    needs_folder = out is None and (result is Diagonal or result is Eigenvalues and options.get("vectors"))
    folder = tempfile.mkdtemp(prefix="actorhutch-out-") if needs_folder else os.fspath(out) if out is not None else None
    try:
        line = [kind] + ([model.write_check()] if isinstance(model, Model) and result is Check else [])
        line += _arguments(kind, dict(options, **({"out": folder, "no_page": True} if needs_folder else {})))
        ended = program.run([*line, *model.files(), "--json"])
        return _result(ended, lambda report: result(report, model.name, folder, None if needs_folder else folder))
    finally:
        if needs_folder and folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _result(ended: program.Ended, make: Callable[[Dict[str, Any]], R]) -> R:
    report: Any = None
    if ended.output.strip():
        try:
            report = json.loads(ended.output)
        except ValueError:
            report = None
    found = make(report) if isinstance(report, dict) else None
    if found is not None and not ended.interrupted and found.is_whole(ended.code):
        return found
    if ended.interrupted:
        raise Interrupted("Interrupted%s" % (": %s." % found.short if found is not None else " before anything was computed."), found)
    if ended.code == 2:
        raise InputError(ended.words or "The program %s." % ended.how, ended.code, ended.errors, found)
    reason = report.get("error") if isinstance(report, dict) else None
    if ended.code == _INTERRUPTED:
        raise JobError("The program was interrupted by somebody else.", ended.code, ended.errors, found)
    if ended.code == 3 and (reason or ended.words):
        raise JobError(reason or ended.words, ended.code, ended.errors, found)
    if ended.code == 0:
        raise JobError("The program ended with no result that can be read.\n%s" % ended.words, ended.code, ended.errors)
    raise JobError("The program %s.%s" % (ended.how, "\n" + ended.words if ended.words else ""), ended.code, ended.errors, found)


trace = _command("estimate", Trace, """Estimates the trace of the Hessian, or with ``matrix="ggn"`` of the Gauss-Newton matrix, from random probes.

    >>> import torch, actorhutch
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    >>> data = torch.randn(16, 3), torch.randint(2, (16,))
    >>> r = actorhutch.trace(net, torch.nn.CrossEntropyLoss(), data, relative_error=0.05, quiet=True)
    >>> r.confidence.low < r.trace < r.confidence.high
    True
    >>> list(r.blocks)
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """, "trace")

exact = _command("exact", Trace, """Computes the exact trace, by as many products as it takes.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(1, 1, bias=False)
    >>> x = torch.tensor([[1.0], [3.0]])
    >>> round(actorhutch.exact(net, "mse", (x, x), quiet=True).trace, 4)  # the mean of 2 x^2
    10.0
    """)

subsample = _command("subsample", Trace, """Estimates the trace for all samples from random parts of them, as few as ``relative_error`` takes.""")

xtrace = _command("xtrace", Trace, """Estimates the trace from few products with the matrix, by XTrace: for models whose layers have no rules.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(3, 2)
    >>> x = actorhutch.xtrace(net, "cross-entropy", (torch.randn(16, 3), torch.randint(2, (16,))), probes=16, quiet=True)
    >>> x.trace > 0
    True
    """)

hutchpp = _command("hutchpp", Trace, """Estimates the trace from few products with the matrix, by Hutch++.""")

spectrum = _command("spectrum", Spectrum, """Estimates the density of the eigenvalues, by stochastic Lanczos quadrature.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(3, 2)
    >>> s = actorhutch.spectrum(net, "cross-entropy", (torch.randn(16, 3), torch.randint(2, (16,))), lanczos_steps=8, quiet=True)
    >>> s.least <= s.greatest and len(s.density) > 0
    True
    """)

eigenvalues = _command("eigenvalues", Eigenvalues, """Finds the ``k`` largest eigenvalues, or with ``which="smallest"`` the smallest.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> e = actorhutch.eigenvalues(net, "mse", (x, torch.zeros(2, 1)), k=2, vectors=True, quiet=True)
    >>> [round(value, 3) for value in e.values]
    [4.0, 1.0]
    >>> e.vectors["weight"].shape
    torch.Size([2, 1, 2])
    """)

diagonal = _command("diagonal", Diagonal, """Estimates the diagonal, entry by entry; it is exact where few passes are enough.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    >>> d = actorhutch.diagonal(net, "mse", (x, torch.zeros(2, 1)), quiet=True)
    >>> d.diagonal["weight"].round().tolist()
    [[1.0, 4.0]]
    """)

check = _command("check", Check, """Compares the loss and one v'Hv of the full Hessian with those that this PyTorch finds, in float64.

    >>> import torch, actorhutch
    >>> bool(actorhutch.check(torch.nn.Linear(3, 4), "cross-entropy", (torch.randn(16, 3), torch.randint(4, (16,)))))
    True
    """)
