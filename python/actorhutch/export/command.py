"""Writes a PyTorch model and a batch as files that ActorHutch reads. Needs PyTorch 1.13 or later, and nothing else.

    export_pytorch.py my_module.py:make --out DIR [--check]

make() returns (model, inputs, targets): inputs is a tensor, or a tuple or dict of tensors where forward takes several, whose
first dimension counts the samples. What is written:

    model.json, weights.safetensors    the model, as layers or as a graph of operations: every method serves it
    model.pt                           in place of them, with --torchscript: the model as a program, for the method autodiff
    data.safetensors                   the arrays inputs and targets, and which loss is meant; several inputs have their own names
    check.json, check.safetensors      with --check: the loss and one quadratic form v'Hv, both in float64, and the probe v

A model is written as layers, which people can read, if it is made of torch.nn's layers in Sequential, nested as you like,
and of residual blocks. Any other model, or any with --graph, is run, and the operations that it runs are written, whatever
classes they are in. It may not depend on the numbers that it computes, as if x.sum() > 0 does.

A residual block is a module that computes body(x) + shortcut(x) of its two children:

    class Residual(torch.nn.Module):
        def __init__(self, body, shortcut=None):
            super().__init__()
            self.body, self.shortcut = body, shortcut or torch.nn.Identity()
        def forward(self, x):
            return self.body(x) + self.shortcut(x)

A class of another name is one with --residual Block, or with --residual Block:main,skip if its children have other
names. --sequential Net says that a class of yours calls its children one after another, in the order in which it makes
them. --torchscript takes any model, which is scripted or, where that fails, traced.

What make() returns is left as it is. What was written is read again and compared with the model, outputs and gradients,
before it gets its name: where they differ, nothing is written.

The loss is --loss, or a fourth thing that make() returns, a loss of torch.nn such as nn.CrossEntropyLoss(label_smoothing=0.1),
or what the targets are for: whole numbers are classes, rows of probabilities are of classes too, and other real numbers are
for the mean squared error. The last line says which. It is written into data.safetensors with its reduction and arguments,
and actorhutch takes it where nobody says another. --loss model says that the model takes the targets behind its inputs, and
returns the loss: a number, or one for each sample.

Exit codes: 0 done, 2 something is wrong with what was given; the message says what.

From Python: export(model, inputs, targets, directory), export_layers(...), export_graph(...), export_torchscript(...),
export_check(...).
"""
import argparse
import json
import sys
from typing import Optional, Sequence

from . import errors
from .check import write_check
from .errors import ExportError, say
from .given import Given
from .graph import write_graph, write_model
from .losses import ARGUMENTS, LOSSES, NAMES, REDUCTIONS, Loss
from .make import call
from .program import write_program


def main(arguments: Optional[Sequence[str]] = None, name: Optional[str] = None) -> int:
    """Runs a command line; returns the exit code. name: the program's, where it is not that of the script that runs."""
    parser = argparse.ArgumentParser(prog=name, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("make", metavar="FILE.py:FUNCTION", help="returns (model, inputs, targets), or these and a loss")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files are written")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--graph", action="store_true", help="write the model as a graph of operations, even if it is made of layers")
    form.add_argument("--torchscript", action="store_true", help="write the model as a program")
    parser.add_argument("--residual", action="append", default=[], metavar="CLASS[:BODY,SHORTCUT]",
                        help="a class that computes body(x) + shortcut(x)")
    parser.add_argument("--sequential", action="append", default=[], metavar="CLASS",
                        help="a class that calls its children one after another")
    parser.add_argument("--output", metavar="NAME", help="the part of a tuple or dict that the loss takes, by its "
                        "name or number, such as logits, 0 or 1.0")
    parser.add_argument("--loss", choices=list(LOSSES), type=lambda word: NAMES.get(word, word),
                        help="by default, what the targets are for")
    parser.add_argument("--reduction", choices=REDUCTIONS, help="how the samples' losses are combined (default: mean)")
    for name, argument in ARGUMENTS.items():
        parser.add_argument("--" + name, metavar=argument.metavar, help="%s (default: %s)" % (
            argument.help, "none" if argument.default is None else str(argument.default).lower()))
    parser.add_argument("--check", action="store_true", help="also write and print the loss and one v'Hv")
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except (ExportError, OSError) as error:
        print("%s: %s" % (errors.SPEAKER, error), file=sys.stderr)
        return 2
    return 0


def _run(options):
    residual = {}
    for given in options.residual:
        name, _, children = given.partition(":")
        residual[name] = tuple(children.split(",")) if children else ("body", "shortcut")
        if len(residual[name]) != 2:
            raise ExportError("--residual %s: say CLASS, or CLASS:BODY,SHORTCUT." % given)
    if residual or options.sequential:
        for name in ("graph", "torchscript"):
            if getattr(options, name):
                raise ExportError("--residual and --sequential say how a model is made of layers, and --%s asks for another form." % name)
        if options.output is not None:
            raise ExportError("--output needs a graph or a program, without --residual and --sequential: layers return one tensor.")
    model, inputs, targets, loss = call(options.make)
    said = {name.replace("-", "_"): getattr(options, name.replace("-", "_")) for name in ARGUMENTS}
    given = Given(model, inputs, targets, Loss.of(options.loss or loss, options.reduction, **said), options.output)
    names = None
    if options.torchscript:
        write_program(given, options.out)
    elif options.graph:
        write_graph(given, options.out)
    else:
        names = write_model(given, options.out, residual, options.sequential)
    say("the loss is %s (%s), %.6g." % (given.loss, given.loss_reason, given.loss_value))
    if options.check:
        report = write_check(given, options.out, names)
        print(json.dumps({key: value for key, value in report.items() if key != "blocks"}))

