#!/usr/bin/env python3
"""Writes a PyTorch model and a batch as files that ActorHutch reads. Needs PyTorch 1.13 or later, and nothing else.

    export_pytorch.py my_module.py:make --out DIR [--torchscript] [--check]

make() returns (model, inputs, targets). What is written:

    model.json, weights.safetensors    the model as layers: every method serves it; or, with --torchscript,
    model.pt                           the model as a program: method autodiff serves it
    data.safetensors                   the arrays inputs and targets
    check.json, check.safetensors      with --check: the loss and one quadratic form v'Hv, both in float64, and the probe v

A model is written as layers if it is made of torch.nn's layers in Sequential, nested as you like, and of residual
blocks. A residual block is a module that computes body(x) + shortcut(x) of its two children:

    class Residual(torch.nn.Module):
        def __init__(self, body, shortcut=None):
            super().__init__()
            self.body, self.shortcut = body, shortcut or torch.nn.Identity()
        def forward(self, x):
            return self.body(x) + self.shortcut(x)

A class of another name is one with --residual Block, or with --residual Block:main,skip if its children have other
names. --sequential Net says that a class of yours calls its children one after another, in the order in which it makes
them. The described model is computed beside the real one, and an export whose outputs differ is refused.

From Python: export(model, inputs, targets, directory), export_torchscript(...), export_check(...).
"""
import argparse
import contextlib
import copy
import importlib.util
import json
import os
import struct
import sys

import torch
from torch import nn

LOSSES = {
    "cross-entropy": nn.functional.cross_entropy,
    "mse": nn.functional.mse_loss,
    "bce-with-logits": nn.functional.binary_cross_entropy_with_logits,
}

# The arguments of each layer, as its constructor and its attributes have them.
_CONVOLUTION = "in_channels out_channels kernel_size stride padding dilation groups padding_mode"
_MAX_POOL = "kernel_size stride padding dilation return_indices ceil_mode"
_NORM = "num_features eps momentum affine track_running_stats"
LAYERS = {
    "AdaptiveAvgPool1d": "output_size",
    "AdaptiveAvgPool2d": "output_size",
    "AvgPool1d": "kernel_size stride padding ceil_mode count_include_pad",
    "AvgPool2d": "kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "BatchNorm1d": _NORM,
    "BatchNorm2d": _NORM,
    "CELU": "alpha",
    "Conv1d": _CONVOLUTION,
    "Conv2d": _CONVOLUTION,
    "Dropout": "p",
    "Dropout1d": "p",
    "Dropout2d": "p",
    "ELU": "alpha",
    "Embedding": "num_embeddings embedding_dim padding_idx max_norm norm_type scale_grad_by_freq sparse",
    "Flatten": "start_dim end_dim",
    "GELU": "approximate",
    "Hardsigmoid": "",
    "Hardswish": "",
    "Hardtanh": "min_val max_val",
    "Identity": "",
    "LayerNorm": "normalized_shape eps elementwise_affine",
    "LeakyReLU": "negative_slope",
    "Linear": "in_features out_features",
    "LogSigmoid": "",
    "MaxPool1d": _MAX_POOL,
    "MaxPool2d": _MAX_POOL,
    "Mish": "",
    "ReLU": "",
    "ReLU6": "",
    "SELU": "",
    "SiLU": "",
    "Sigmoid": "",
    "Softplus": "beta threshold",
    "Softsign": "",
    "Tanh": "",
    "Tanhshrink": "",
}
STATE = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
HAVE_BIAS = ("Conv1d", "Conv2d", "Linear")


class ExportError(Exception):
    """What cannot be written, and what to do."""


class _Describer:
    """Turns modules into a description, and notes under which name the description has which tensor."""

    def __init__(self, residual, sequential):
        self.residual = {"Residual": ("body", "shortcut"), **residual}
        self.sequential = set(sequential)
        self.tensors = {}  # what is written, by the description's names
        self.names = {}  # the description's names of parameters by PyTorch's
        self.replays = []  # (path, module, how the description computes it)
        self.owners = {}

    def layer(self, module, path, name):
        """The JSON of one module; path is PyTorch's name of it, name the description's."""
        kind = type(module)
        if _is_chain(module):
            return self.chain(module, path, name)
        if kind.__name__ in self.residual and not kind.__module__.startswith("torch.nn"):
            return self.block(module, path, name)
        if kind.__name__ in self.sequential and not kind.__module__.startswith("torch.nn"):
            described = self.chain(module, path, name)
            self.replays.append((path, module, lambda x: _chained(module, x)))
            return described
        if kind.__name__ in LAYERS and kind is getattr(nn, kind.__name__, None):
            return self.leaf(module, path, name)
        raise ExportError(
            "%s is a %s, which cannot be written as layers. Known are Sequential, Residual, %s. Say --residual or "
            "--sequential if it is one of these (see --help), or use export_torchscript (--torchscript), which takes "
            "any model." % (_where(path), kind.__name__, ", ".join(sorted(LAYERS))))

    def leaf(self, module, path, name):
        kind = type(module).__name__
        described = {"type": kind}
        for argument in LAYERS[kind].split():
            value = getattr(module, argument)
            described[argument] = list(value) if isinstance(value, tuple) else value
        if kind in HAVE_BIAS:
            described["bias"] = module.bias is not None
        if kind == "LayerNorm" and module.elementwise_affine:
            described["bias"] = module.bias is not None
        if kind.startswith("AdaptiveAvgPool") and None in (module.output_size if isinstance(module.output_size, tuple) else [module.output_size]):
            raise ExportError("%s (%s) has None in its output_size; give numbers." % (_where(path), kind))
        state = module.state_dict(keep_vars=True)
        if not set(state) <= STATE or module._forward_hooks or module._forward_pre_hooks:
            raise ExportError(
                "%s (%s) has been changed, by weight normalisation or a hook perhaps. Remove that, or use "
                "export_torchscript (--torchscript)." % (_where(path), kind))
        for own, tensor in state.items():
            self.keep(_join(name, own), _join(path, own), tensor)
        return described

    def keep(self, name, path, tensor):
        if isinstance(tensor, nn.Parameter):
            other = self.owners.setdefault(id(tensor), path)
            if other != path:
                raise ExportError(
                    "%s and %s are one parameter, which a description cannot say. Use export_torchscript "
                    "(--torchscript)." % (other, path))
            if not tensor.requires_grad:
                raise ExportError(
                    "%s is frozen (requires_grad=False), which a description cannot say. Use export_torchscript "
                    "(--torchscript)." % path)
            self.names[path] = name
        self.tensors[name] = tensor.detach()

    def chain(self, module, path, name):
        described = [self.child(child, _join(path, key), _join(name, key), key, index)
                     for index, (key, child) in enumerate(_children(module).items())]
        return {"type": "Sequential", "layers": described} if described else {"type": "Identity"}

    def child(self, module, path, name, key, index):
        described = self.layer(module, path, name)
        if key == str(index):
            return described
        return {"name": key, **described}

    def block(self, module, path, name):
        keys = self.residual[type(module).__name__]
        children = _children(module)
        if keys[0] not in children or not set(children) <= set(keys):
            raise ExportError("%s (%s) must have the children %s and no others; it has %s." % (
                _where(path), type(module).__name__, " and ".join(keys), ", ".join(children) or "none"))
        body, shortcut = children[keys[0]], children.get(keys[1])
        described = {"type": "Residual", "layers": self.branch(body, _join(path, keys[0]), _join(name, "body"))}
        if not _is_identity(shortcut):
            described["shortcut"] = self.branch(shortcut, _join(path, keys[1]), _join(name, "shortcut"))
        self.replays.append((path, module, lambda x: body(x) + (x if shortcut is None else shortcut(x))))
        return described

    def branch(self, module, path, name):
        """A branch's list of layers: those of a Sequential, or the one module that it is."""
        if _is_chain(module) and len(module) > 0:
            return self.chain(module, path, name)["layers"]
        return [self.child(module, path, _join(name, "0"), "0", 0)]


def export(model, inputs, targets, directory, residual=None, sequential=()):
    """Writes model.json, weights.safetensors and data.safetensors.

    The model is put into evaluation mode. Returns the parameters' names in the files by those in the model, which differ
    only within residual blocks whose children have other names. residual: {"ClassName": ("body", "shortcut")}; sequential: class names.
    Raises ExportError where the model cannot be written as layers.
    """
    model.eval()
    describer = _Describer(residual or {}, sequential)
    described = describer.layer(model, "", "")
    _compare(model, inputs, describer.replays)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "model.json"), "w", encoding="utf-8") as file:
        file.write(_format(described) + "\n")
    write_safetensors(os.path.join(directory, "weights.safetensors"), describer.tensors)
    _write_data(directory, inputs, targets)
    return describer.names


def export_torchscript(model, inputs, targets, directory):
    """Writes model.pt and data.safetensors. The model is put into evaluation mode, scripted, or else traced."""
    model.eval()
    os.makedirs(directory, exist_ok=True)
    try:
        script = torch.jit.script(model)
    except Exception:  # the compiler raises many kinds, for as many things that it does not know
        script = torch.jit.trace(model, (inputs,))
    with torch.no_grad():
        real, scripted = model(inputs), script(inputs)
    if not torch.equal(torch.isnan(real), torch.isnan(scripted)) or not torch.allclose(real, scripted, equal_nan=True):
        raise ExportError("The TorchScript of the model computes something else than the model.")
    torch.jit.save(script, os.path.join(directory, "model.pt"))
    _write_data(directory, inputs, targets)


def export_check(model, inputs, targets, directory, loss=None, names=None):
    """Writes check.safetensors, a probe of +1 and -1, and check.json with the loss and v'Hv in float64; returns that.

    v'Hv is of the full Hessian of the mean loss, by double backward. names: from PyTorch's names to the file's.
    """
    loss = loss or default_loss(targets)
    model = copy.deepcopy(model).double().eval()
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    targets = targets.double() if targets.is_floating_point() else targets
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    generator = torch.Generator().manual_seed(0)
    probe = {name: torch.randint(0, 2, p.shape, generator=generator).double().mul(2).sub(1) for name, p in parameters.items()}

    value = LOSSES[loss](model(inputs), targets)
    gradients = torch.autograd.grad(value, list(parameters.values()), create_graph=True, allow_unused=True)
    slope = sum((g * v.to(g.device)).sum() for g, v in zip(gradients, probe.values()) if g is not None)
    products = torch.autograd.grad(slope, list(parameters.values()), allow_unused=True)
    form = sum(float((h * v.to(h.device)).sum()) for h, v in zip(products, probe.values()) if h is not None)

    write_safetensors(
        os.path.join(directory, "check.safetensors"), {(names or {}).get(name, name): v for name, v in probe.items()})
    report = {
        "loss": float(value), "quadratic_form": form, "loss_function": loss, "reduction": "mean", "matrix": "hessian",
        "structure": "full", "dtype": "float64", "probe": "check.safetensors", "torch": torch.__version__,
    }
    with open(os.path.join(directory, "check.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2, allow_nan=False)
        file.write("\n")
    return report


def default_loss(targets):
    """Cross-entropy for integers, which are classes then; the mean squared error for other numbers."""
    return "mse" if targets.is_floating_point() else "cross-entropy"


def write_safetensors(path, tensors):
    """Writes tensors by name in the format safetensors: length of a header, the header in JSON, the elements."""
    names = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
             torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8"}
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        if tensor.dtype not in names:
            raise ExportError("%s is %s, which is not written." % (name, tensor.dtype))
        tensor = tensor.detach().cpu().contiguous()
        if tensor.dtype == torch.bfloat16:
            part = tensor.view(torch.int16).numpy().astype("<i2").tobytes()
        else:
            array = tensor.numpy()
            part = array.astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


def _compare(model, inputs, replays):
    """Evaluates the model once, with what is described for each of its own classes beside it."""
    def compared(path, replay):
        def hook(module, arguments, output):
            described = replay(*arguments)
            if described.shape != output.shape or not torch.allclose(described, output, equal_nan=True):
                raise ExportError(
                    "%s (%s) computes something else than its children in the order that was said. Use "
                    "export_torchscript (--torchscript)." % (_where(path), type(module).__name__))
        return hook

    with contextlib.ExitStack() as stack, torch.no_grad():
        for path, module, replay in replays:
            stack.callback(module.register_forward_hook(compared(path, replay)).remove)
        model(inputs)


def _children(module):
    """The children by name; named_children() leaves out those that have been there before."""
    return {name: child for name, child in module._modules.items() if child is not None}


def _chained(module, value):
    for child in _children(module).values():
        value = child(value)
    return value


def _is_chain(module):
    return isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward


def _is_identity(module):
    return module is None or type(module) is nn.Identity or _is_chain(module) and len(module) == 0


def _write_data(directory, inputs, targets):
    for name, value in (("inputs", inputs), ("targets", targets)):
        if not isinstance(value, torch.Tensor):
            raise ExportError("%s must be one tensor, and is a %s." % (name, type(value).__name__))
    write_safetensors(os.path.join(directory, "data.safetensors"), {"inputs": inputs, "targets": targets})


def _format(layer, indent=""):
    """JSON with a layer a line."""
    lists = {key: value for key, value in layer.items() if key in ("layers", "shortcut")}
    head = json.dumps({key: value for key, value in layer.items() if key not in lists}, allow_nan=False)
    for key, layers in lists.items():
        inner = ",\n".join(_format(child, indent + "  ") for child in layers)
        head = "%s, %s: [\n%s\n%s]}" % (head[:-1], json.dumps(key), inner, indent)
    return indent + head


def _join(path, name):
    return "%s.%s" % (path, name) if path else name


def _where(path):
    return "Module " + path if path else "The model itself"


def _load(place):
    file, _, function = place.rpartition(":")
    if not file or not function:
        raise ExportError("%s: say file.py:function." % place)
    if not os.path.isfile(file):
        raise ExportError("%s: there is no such file." % file)
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(file))[0], file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not hasattr(module, function):
        raise ExportError("%s has no function %s." % (file, function))
    return getattr(module, function)()


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("make", metavar="FILE.py:FUNCTION", help="returns (model, inputs, targets)")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files are written")
    parser.add_argument("--torchscript", action="store_true", help="write the model as a program, not as layers")
    parser.add_argument("--residual", action="append", default=[], metavar="CLASS[:BODY,SHORTCUT]",
                        help="a class that computes body(x) + shortcut(x)")
    parser.add_argument("--sequential", action="append", default=[], metavar="CLASS",
                        help="a class that calls its children one after another")
    parser.add_argument("--loss", choices=sorted(LOSSES), help="for --check; by default, what the targets' type says")
    parser.add_argument("--check", action="store_true", help="also write and print the loss and one v'Hv")
    options = parser.parse_args(arguments)
    try:
        residual = {}
        for given in options.residual:
            name, _, children = given.partition(":")
            residual[name] = tuple(children.split(",")) if children else ("body", "shortcut")
            if len(residual[name]) != 2:
                raise ExportError("--residual %s: say CLASS, or CLASS:BODY,SHORTCUT." % given)
        model, inputs, targets = _load(options.make)
        names = None
        if options.torchscript:
            export_torchscript(model, inputs, targets, options.out)
        else:
            names = export(model, inputs, targets, options.out, residual, options.sequential)
        if options.check:
            print(json.dumps(export_check(model, inputs, targets, options.out, options.loss, names)))
    except ExportError as error:
        print("export_pytorch: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
