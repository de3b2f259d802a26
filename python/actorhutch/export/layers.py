"""A model as layers: model.json and weights.safetensors."""
import collections
import contextlib
import inspect
import json
import os
from typing import Any, Dict, Optional

import torch
from torch import nn

from .errors import ExportError
from .files import Path, all_or_none, read_safetensors, write_safetensors
from .given import Given
from .outcome import Outcome, same
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


def export_layers(model: nn.Module, inputs: Any, targets: Any, directory: Path, residual: Any = None, sequential: Any = (), loss: Any = None,
                  ignore_index: Optional[int] = None, class_dimension: Any = None) -> Dict[str, str]:
    """Writes model.json, weights.safetensors and data.safetensors.

    The model is written in evaluation mode, and left as it is. Returns the parameters' names in the files by those in the
    model, which differ only within residual blocks whose children have other names.
    residual: {"ClassName": ("body", "shortcut")}; sequential: class names. Raises ExportError, and writes nothing, where
    the model cannot be written as layers.
    """
    return write_layers(Given(model, inputs, targets, loss, ignore_index=ignore_index, class_dimension=class_dimension), directory, residual, sequential)


def write_layers(given: Given, directory: Path, residual: Any = None, sequential: Any = ()) -> Dict[str, str]:
    """The same for what is checked already."""
    model = given.model()
    describer = _Describer(residual or {}, sequential)
    described = describer.layer(model, "", "")
    with all_or_none(directory) as folder:
        with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as file:
            file.write(_format(described) + "\n")
        write_safetensors(os.path.join(folder, "weights.safetensors"), describer.tensors)
        given.write_data(folder)
        _compare_blocks(given, model, describer.replays)
        _compare_files(given, folder, describer.names)
    return describer.names


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
            "--sequential if it is one of these (see --help), or write it as a graph." % (_where(path), kind.__name__, ", ".join(sorted(LAYERS))))

    def leaf(self, module, path, name):
        kind = type(module).__name__
        described: Dict[str, Any] = {"type": kind}
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
                "%s (%s) has been changed, by weight normalisation or a hook perhaps. Write the model as "
                "a graph." % (_where(path), kind))
        for own, tensor in state.items():
            self.keep(_join(name, own), _join(path, own), tensor)
        return described

    def keep(self, name, path, tensor):
        if isinstance(tensor, nn.Parameter):
            other = self.owners.setdefault(id(tensor), path)
            if other != path:
                raise ExportError(
                    "%s and %s are one parameter, which layers cannot say. Write the model as a graph." % (other, path))
            if not tensor.requires_grad:
                raise ExportError(
                    "%s is frozen (requires_grad=False), which layers cannot say. Write the model as a graph." % path)
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
        self.replays.append((path, module, lambda x: body(x.clone()) + (x if shortcut is None else shortcut(x.clone()))))
        return described

    def branch(self, module, path, name):
        """A branch's list of layers: those of a Sequential, or the one module that it is."""
        if _is_chain(module) and len(module) > 0:
            return self.chain(module, path, name)["layers"]
        return [self.child(module, path, _join(name, "0"), "0", 0)]


class _Residual(nn.Module):
    """body(x) + shortcut(x), as ActorHutch computes it: neither sees what the other does to x."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x.clone()) + self.shortcut(x.clone())


def _built(layer):
    """The module that a description is of."""
    arguments = {key: tuple(value) if isinstance(value, list) and key != "layers" else value
                 for key, value in layer.items() if key not in ("type", "name", "layers", "shortcut")}
    if layer["type"] == "Residual":
        return _Residual(_chain(layer["layers"]), _chain(layer.get("shortcut", [])))
    if layer["type"] == "Sequential":
        return _chain(layer["layers"])
    kind = getattr(nn, layer["type"])
    if "bias" in inspect.signature(kind).parameters:
        return kind(**arguments)
    has_bias = arguments.pop("bias", True)  # LayerNorm before PyTorch 2.1, which has it unless somebody takes it away
    built = kind(**arguments)
    if not has_bias:
        built.bias = None
    return built


def _chain(layers):
    return nn.Sequential(collections.OrderedDict(
        (layer.get("name", str(index)), _built(layer)) for index, layer in enumerate(layers)))


def _compare_blocks(given, model, replays):
    """Evaluates the model once, with what is described for each of its own classes beside it."""
    def compared(path, replay):
        taken = []

        def before(module, arguments):
            taken.append(tuple(value.clone() for value in arguments))

        def after(module, arguments, output):
            described = replay(*taken.pop())
            if not same(described, output):
                raise ExportError(
                    "%s (%s) computes something else than its children in the order that was said.%s Write "
                    "the model as a graph." % (_where(path), type(module).__name__, _in_place(module, path)))
        return before, after

    with contextlib.ExitStack() as stack, torch.no_grad():
        for path, module, replay in replays:
            before, after = compared(path, replay)
            stack.callback(module.register_forward_pre_hook(before).remove)
            stack.callback(module.register_forward_hook(after).remove)
        given.run(model, given.inputs())


def _compare_files(given, folder, names):
    """Reads what was written, and compares it with the model, both run afresh."""
    with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
        written = _chain([json.load(file)])[0]
    weights = read_safetensors(os.path.join(folder, "weights.safetensors"))
    for name, value in list(written.named_parameters()) + list(written.named_buffers()):
        value.data = value.data.to("cpu", weights[name].dtype if name in weights else value.dtype)
    written.load_state_dict(weights)
    written = written.eval() if given.precise is None else written.eval().to(given.precise)
    found = Outcome.of(written, given.inputs(given.precise), given.run)
    if (difference := given.outcome(dtype=given.precise).difference(found, names)) is not None:
        raise ExportError(
            "What was written as layers computes something else than the model: %s.%s Write the model as a "
            "graph." % (difference, _in_place(given.model(), "")))


def _in_place(module, path):
    """Which layers overwrite their input: a sum of branches then sees what they left."""
    found = next((name for name, part in module.named_modules() if getattr(part, "inplace", False) is True), None)
    return "" if found is None else (
        " %s works in place and overwrites what others read: write it with inplace=False if that is not meant." % _where(_join(path, found)))


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


