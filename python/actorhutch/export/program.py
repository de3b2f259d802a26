"""A model as a TorchScript program: model.pt."""
import os
import warnings
from typing import Any, Optional

import torch
from torch import nn

from .errors import ExportError, described, say
from .files import Path, all_or_none
from .given import Given
from .outcome import Outcome

MODEL = "model.pt"


def export_torchscript(model: nn.Module, inputs: Any, targets: Any, directory: Path, loss: Any = None, output: Optional[str] = None,
                       ignore_index: Optional[int] = None, class_dimension: Any = None) -> None:
    """Writes model.pt and data.safetensors: the model scripted, or else traced, in evaluation mode.

    The model is left as it is. output: which part of what it returns the loss takes; the model is traced then. Raises
    ExportError, and writes nothing, where the program does not compute what the model does, on the batch and on half of it.
    """
    write_program(Given(model, inputs, targets, loss, output, ignore_index, class_dimension), directory)


def write_program(given: Given, directory: Path) -> None:
    """The same for what is checked already."""
    if len(given.names) > 1:
        raise ExportError("The model takes %s, and a program takes one tensor: write it as a graph, without --torchscript." % (
            " and ".join(given.names)))
    with all_or_none(directory) as folder:
        path = os.path.join(folder, MODEL)
        reasons = []
        for way, make in ((("scripted", _scripted),) if not given.picks else ()) + (("traced", _traced),):
            with warnings.catch_warnings(record=True) as heard:
                warnings.simplefilter("always")
                reason = _tried(given, make, path)
            if reason is None:
                break
            told = sorted({str(warning.message).split(". ")[0] for warning in heard if issubclass(warning.category, torch.jit.TracerWarning)})
            reasons.append("%s, %s%s" % (way, reason, "".join("\n  " + line for line in told)))
        else:
            raise ExportError("The model cannot be written as TorchScript:\n%s" % "\n".join(reasons))
        given.write_data(folder)


def _tried(given, make, path):
    """Makes the program, saves it, and compares it. Returns what is wrong, or None."""
    try:
        # What has run may have changed itself: it is saved before anything runs it.
        torch.jit.save(make(given), path)
    except ExportError as error:
        return str(error)
    except Exception as error:  # the compiler raises many kinds, for as many things that it does not know
        return "it failed: " + described(error)
    for samples in (None, _other_batch(given)):
        if (difference := _difference(given, path, samples)) is not None:
            return difference if samples is None else (
                "with %d samples %s\nIt was made for %d alone, as where forward takes len(x), or makes int() of a size: "
                "x.shape[0] may stay what it is." % (samples, difference, len(given)))
    return None


def _scripted(given):
    return torch.jit.script(given.model())


def _traced(given):
    model = given.model()
    if given.picks:
        whole = model.forward
        model.forward = lambda inputs: given.pick(whole(inputs))
    # PyTorch's own check runs without gradients, where a transformer takes another way, and a model that
    # changes itself has changed. It is checked below.
    with torch.enable_grad():
        return torch.jit.trace(model, given.inputs(), check_trace=False)


def _other_batch(given):
    """Another number of samples than the batch has."""
    count = len(given)
    return 2 if count == 1 else (count + 1) // 2


def _run(program, inputs):
    with torch.enable_grad():
        return program(*inputs)


def _difference(given, path, samples):
    try:
        expected = given.reference if samples is None else given.outcome(samples)
    except ExportError:
        if samples is None:
            raise
        say("the model takes %d samples at a time alone: give actorhutch --micro-batch %d." % (
            len(given), len(given)))
        return None
    try:
        return expected.difference(Outcome.of(torch.jit.load(path), given.inputs(samples=samples), _run))
    except Exception as error:  # what a program can raise
        return "it fails: " + described(error)
