"""Checkpoints of a training, and the trace at each of them."""
from __future__ import annotations

import filecmp
import operator
import os
import re
import shutil
import tempfile
import weakref
from typing import Any, Callable, List

from . import program
from .errors import InputError
from .model import DATA, DESCRIPTION, WEIGHTS, Model
from .results import Series

_CHECKPOINT = re.compile(r"step-([0-9]+)\.safetensors")
_WILDCARDS = "*?,"
_MOST = 2 ** 63


class Tracker:
    """The weights of a model at steps of its training, and the trace at all of them.

    ``log(step)`` writes the weights; ``trace()`` and the other functions of traces run the program once over all that is logged,
    with the same samples and the same probes at each, so that a change from one step to the next is known better than either trace.

    Args:
        model: a ``torch.nn.Module``, or an ``actorhutch.Model``, which stays open.
        loss, data, options: as for ``actorhutch.Model``, but ``form="torchscript"``. They are the same for all steps.
        folder: where the checkpoints are kept. There may be some already, of the same model, loss and data. It holds
            ``model.json``, ``data.safetensors`` and ``step-N.safetensors``, which the program takes by itself too. None: a temporary
            folder, until ``close()``, the end of a ``with``, or the end of the program.

    Raises InputError where the model cannot be exported, which is tried at once, and where the folder is that of another model.

    >>> import torch, actorhutch
    >>> net = torch.nn.Linear(3, 2)
    >>> data = torch.randn(16, 3), torch.randint(2, (16,))
    >>> with actorhutch.Tracker(net, "cross-entropy", data) as tracker:
    ...     for step in range(3):
    ...         tracker.log(step)
    ...         with torch.no_grad():
    ...             for parameter in net.parameters():      # a step of training
    ...                 _ = parameter.mul_(2)
    ...     series = tracker.trace(probes=10, quiet=True)
    >>> [row.step for row in series]
    [0, 1, 2]
    >>> series[1].change == series[1].trace - series[0].trace
    True
    """

    # The functions of traces, which commands.py makes.
    trace: Callable[..., Series]
    exact: Callable[..., Series]
    subsample: Callable[..., Series]
    xtrace: Callable[..., Series]
    hutchpp: Callable[..., Series]

    def __init__(self, model: Any, loss: Any = None, data: Any = None, *, folder: Any = None, **options: Any) -> None:
        self._is_lent = isinstance(model, Model)
        if self._is_lent and (loss is not None or data is not None or options):
            raise TypeError("An actorhutch.Model has its loss, its data and its options.")
        self._model: Model = model if self._is_lent else Model(model, loss, data, **options)
        if self._model.form == "torchscript":
            raise InputError("form='torchscript': a Tracker takes a model that is a description, layers or a graph of operations; "
                             "of a program, actorhutch.Model computes the trace at each step.")
        if folder is None:
            program.checked()  # before the training, and not after it
            folder = tempfile.mkdtemp(prefix="actorhutch-")
            self._finalizer: Any = weakref.finalize(self, shutil.rmtree, folder, True)
        else:
            self._finalizer = None
        self.folder = os.path.abspath(folder)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def steps(self) -> List[int]:
        """The steps of which there are checkpoints, in order."""
        self._check_open()
        found = map(_CHECKPOINT.fullmatch, os.listdir(self.folder))
        return sorted(int(match.group(1)) for match in found if match)

    def log(self, step: int, *, replace: bool = False) -> None:
        """Writes the model's weights as they are now, as those of a step.

        step: a whole number, at least 0. Steps may come in any order.
        replace: whether it takes the place of a checkpoint of the same step; else that is an InputError.

        Where more than weights has changed, such as the statistics of batch normalisation, the model is exported again. Raises InputError
        where it is another model then: where parameters were frozen, say.
        """
        step = operator.index(step)
        if not 0 <= step < _MOST:
            raise InputError("The step must be a whole number, at least 0, and is %d." % step)
        self._check_open()
        path = os.path.join(self.folder, "step-%d.safetensors" % step)
        if os.path.exists(path) and not replace:
            raise InputError("There is a checkpoint of step %d already, %s: log(%d, replace=True) writes another in its place." % (step, path, step))
        self._model.files()
        if not self._is_same(DESCRIPTION):
            raise InputError(
                "The model of step %d is another than that of the steps before: its description, model.json, is not the same, as where "
                "parameters were frozen or layers exchanged. A Tracker takes one description. With actorhutch.Model, whose functions "
                "compute at each step, the model may change; or begin another Tracker." % step)
        self._copy(WEIGHTS, path)

    def close(self) -> None:
        """Removes the temporary files. What is in a folder of yours stays."""
        if self._finalizer is not None:
            self._finalizer()
        if not self._is_lent:
            self._model.close()

    def __enter__(self) -> "Tracker":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def files(self) -> List[str]:
        """The program's options that name the files. Raises InputError where nothing has been logged."""
        if not self.steps:
            raise InputError("There is no checkpoint in %s: log(step) writes one." % self.folder)
        weights = "step-*.safetensors"
        return ["--%s=%s" % (option, os.path.join(self.folder, name))
                for option, name in (("model", DESCRIPTION), ("weights", weights), ("data", DATA))]

    def name(self, written: str) -> str:
        """The name in the model of a parameter that has another in the files."""
        return self._model.name(written)

    def _check_open(self) -> None:
        if not os.path.isdir(self.folder):
            raise InputError("%s, where the checkpoints were, is no longer there: a Tracker that has no folder=DIR of its own keeps them "
                             "until it is closed, as it is at the end of a with." % self.folder)

    def _open(self) -> None:
        """Makes the folder, or finds that it is of the same model and data."""
        if any(sign in self.folder for sign in _WILDCARDS):
            raise InputError("folder=%s: the name must have none of %s, which mean several files." % (self.folder, " ".join(_WILDCARDS)))
        self._model.files()
        try:
            os.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            raise InputError("folder=%s must be a folder that can be written to: %s." % (self.folder, error.strerror)) from error
        if os.path.exists(os.path.join(self.folder, DESCRIPTION)):
            if not self._is_same(DESCRIPTION):
                raise InputError("folder=%s has checkpoints of another model: its model.json is not the same. Take another folder." % self.folder)
            if not self._is_same(DATA):
                raise InputError("folder=%s has checkpoints with other data, or another loss: its data.safetensors is not the same. A DataLoader "
                                 "that shuffles or augments gives others each time: take one that does not." % self.folder)
        elif self.steps:
            raise InputError("folder=%s has %s, and no model.json: no Tracker has written it. Take another folder." % (
                self.folder, "step-%d.safetensors" % self.steps[0]))
        else:
            for name in (DATA, DESCRIPTION):
                self._copy(name, os.path.join(self.folder, name))

    def _is_same(self, name: str) -> bool:
        return filecmp.cmp(self._model.path(name), os.path.join(self.folder, name), shallow=False)

    def _copy(self, name: str, path: str) -> None:
        """Under another name first, so that nobody finds a part of it."""
        shutil.copyfile(self._model.path(name), path + ".new")
        os.replace(path + ".new", path)
