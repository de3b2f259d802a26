"""Writes a model and a batch as files that ActorHutch reads: what tools/export_pytorch.py is made of.

    given.py      a model and a batch as make() returns them, checked, of which everything else sees copies
    batch.py      the inputs: one tensor or several
    command.py    the command line
    make.py       calls the user's make()
    layers.py     a model as layers: model.json and weights.safetensors
    graph.py      a model as a graph of operations, in the same files
    tracing.py    the operations that a model runs
    program.py    a model as a TorchScript program: model.pt
    losses.py     which loss, and whether output and targets fit it
    outcome.py    output and gradients, by which what was written is compared with the model
    check.py      check.json: loss and v'Hv in float64
    files.py      safetensors, and files that appear only when all of them are right
"""
from .check import export_check
from .errors import ExportError
from .files import read_safetensors, write_safetensors
from .graph import export, export_graph
from .layers import export_layers
from .losses import Loss
from .program import export_torchscript

__all__ = ["ExportError", "Loss", "export", "export_check", "export_graph", "export_layers", "export_torchscript", "read_safetensors",
           "write_safetensors"]
