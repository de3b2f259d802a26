"""A model as a graph of operations: model.json and weights.safetensors."""
import json
import os
from typing import Any, Dict, Optional

import torch
from torch import nn

from .errors import ExportError, FolderError, described, say
from .files import Path, all_or_none, read_safetensors, write_safetensors
from .given import Given
from .layers import write_layers
from .outcome import Outcome
from .tracing import evaluate, trace

# What a graph cannot follow, and the way out.
WAY_OUT = "Compute the same without that, or use export_torchscript (--torchscript), which keeps the program."


def export(model: nn.Module, inputs: Any, targets: Any, directory: Path, residual: Any = None, sequential: Any = (), loss: Any = None,
           output: Optional[str] = None, ignore_index: Optional[int] = None, class_dimension: Any = None) -> Dict[str, str]:
    """Writes model.json, weights.safetensors and data.safetensors: the model as layers where it is made of them, else as a graph.

    The model is written in evaluation mode, and left as it is. Returns the parameters' names in the files by those in the
    model where they differ. residual, sequential: as for export_layers; output: as for export_graph.
    loss: a name, a Loss, or a loss of torch.nn; by default, what the targets are for. class_dimension: the output's dimension
    of the classes, such as -1 for [N, T, C].
    """
    given = Given(model, inputs, targets, loss, output, ignore_index, class_dimension)
    return write_model(given, directory, residual, sequential)


def write_model(given: Given, directory: Path, residual: Any = None, sequential: Any = ()) -> Dict[str, str]:
    """The same for what is checked already."""
    if not given.picks:
        try:
            return write_layers(given, directory, residual, sequential)
        except ExportError as error:
            if residual or sequential or isinstance(error, FolderError):
                raise
            reason = str(error).splitlines()[0].split(". ")[0]
        say("the model is written as a graph of operations: %s." % reason.rstrip("."))
    write_graph(given, directory)
    return {}


def export_graph(model: nn.Module, inputs: Any, targets: Any, directory: Path, loss: Any = None, output: Optional[str] = None,
                 ignore_index: Optional[int] = None, class_dimension: Any = None) -> None:
    """Writes model.json, weights.safetensors and data.safetensors: the model as the operations that it runs, in evaluation mode.

    The model is left as it is. output: which part of what it returns the loss takes. Raises ExportError, and writes
    nothing, where the model cannot be followed or what was written computes something else.
    """
    write_graph(Given(model, inputs, targets, loss, output, ignore_index, class_dimension), directory)


def write_graph(given: Given, directory: Path) -> None:
    """The same for what is checked already."""
    graph, tensors = _traced(given)
    with all_or_none(directory) as folder:
        with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as file:
            file.write(_format(graph))
        write_safetensors(os.path.join(folder, "weights.safetensors"), {name: _storable(t) for name, t in tensors.items()})
        given.write_data(folder)
        _compare(given, folder)


def _traced(given):
    try:
        with torch.enable_grad():
            # What is computed once and for all is computed as precisely as it can be.
            return trace(lambda: given.model(given.precise), given)
    except ExportError as error:
        raise ExportError("The model cannot be written as a graph. %s %s" % (error, WAY_OUT)) from error
    except Exception as error:  # the user's code can raise anything, and PyTorch does for what it cannot follow
        reason = described(error)
        if "value out of a tracing tensor" in reason:
            reason = ("What it does depends on numbers that it computes, as if x.sum() > 0 or x.item() does:\n%s\n" %
                      reason.split("\n", 1)[-1])
        raise ExportError("The model cannot be written as a graph. %s %s" % (reason, WAY_OUT)) from error


def _compare(given, folder):
    """Reads what was written, and compares it with the model, both run afresh, on the batch and on another size of it."""
    with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
        graph = json.load(file)
    tensors = read_safetensors(os.path.join(folder, "weights.safetensors"))
    # A model that rounds to float32 in its midst does so in PyTorch alone.
    dtype = None if any(node["arguments"].get("dtype") == "float" for node in graph["nodes"]) else given.precise
    count = len(given)
    for samples in (None, 2 if count == 1 else (count + 1) // 2):
        expected = given.outcome(samples, dtype)
        written = _Written(graph, tensors, expected.output.dtype)
        found = Outcome.of(written, given.inputs(dtype, samples), lambda model, inputs: model(*inputs))
        difference = expected.difference(found)
        if difference is not None:
            raise ExportError("What was written as a graph computes something else than the model%s: %s. %s" % (
                "" if samples is None else ", with %d samples" % samples, difference, WAY_OUT))


class _Written:
    """A graph as a model, by PyTorch's own operations."""

    def __init__(self, graph, tensors, dtype):
        self._graph, self._dtype, self._values = graph, dtype, {}
        for name, tensor in tensors.items():
            about = graph["parameters"].get(name) or graph["constants"][name]
            if tensor.is_floating_point():
                tensor = tensor.to(dtype)
            self._values[name] = tensor.requires_grad_(about.get("trainable", False))

    def named_parameters(self):
        return [(name, self._values[name]) for name in self._graph["parameters"]]

    def __call__(self, *inputs):
        with torch.enable_grad():
            return evaluate(self._graph, self._values, inputs, self._dtype)


def _storable(tensor):
    """The smallest type that holds the numbers."""
    return tensor.float() if tensor.dtype == torch.float64 and torch.equal(tensor.float().double(), tensor) else tensor


def _format(graph):
    """JSON with an operation a line."""
    lines = {key: json.dumps(value, allow_nan=False) for key, value in graph.items()}
    for key in ("parameters", "constants"):
        lines[key] = _block("{}", ["%s: %s" % (json.dumps(name), json.dumps(about)) for name, about in graph[key].items()])
    lines["nodes"] = _block("[]", [json.dumps(node, allow_nan=False) for node in graph["nodes"]])
    return '{"type": "Graph",\n%s}\n' % ",\n".join(" %s: %s" % (json.dumps(key), text) for key, text in lines.items())


def _block(brackets, lines):
    return brackets[0] + ",".join("\n  " + line for line in lines) + brackets[1]
