"""A PyTorch model as a graph of ATen operations.

`trace` follows the model on batches of several sizes, and writes down each operation with its arguments. Any model will do
whose operations do not depend on the values that it computes. Numbers that change with the batch size N are written as
{"batch": a, "plus": b}, meaning a*N + b.
"""
import itertools
import math
from typing import Dict

import torch
from torch._decomp import get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

try:
    from torch.func import functional_call
except ImportError:  # PyTorch 1.13
    from torch.nn.utils.stateless import functional_call

from .errors import ExportError

# Sizes at which a model is followed: two to tell what depends on the size, one to confirm it. None is 1, which broadcasts.
BATCH_SIZES = (3, 4, 6)

# Where a tensor lies, or how, is not part of what is computed.
PLACEMENT = {"layout", "device", "pin_memory", "memory_format", "non_blocking", "copy"}

DTYPES = {torch.float32: "float", torch.float64: "float", torch.float16: "float", torch.bfloat16: "float",
          torch.int64: "int64", torch.int32: "int32", torch.int16: "int16", torch.int8: "int8", torch.uint8: "uint8",
          torch.bool: "bool"}
# A model takes whole numbers as int64, whatever the width of those that are stored.
INPUT_DTYPES = {torch.float32: "float", torch.float64: "float", torch.bool: "bool"}

LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss", "binary_cross_entropy")

# The same numbers in another place, or under another shape.
COPIES = {"clone", "alias", "lift_fresh", "lift_fresh_copy", "contiguous", "_conj", "positive"}
FILLED = {"new_zeros": "zeros", "new_ones": "ones", "new_full": "full", "new_empty": "zeros", "empty": "zeros"}
RESHAPES = {"view": "size", "_unsafe_view": "size", "_reshape_alias": "size", "reshape": "shape", "view_copy": "size"}


def batch_of(tensor, size):
    """The first samples of a batch, again and again where there are too few."""
    index = torch.arange(size) % tensor.shape[0]
    return tensor.detach()[index].clone()


def unique_tensors(model):
    """Parameters and buffers by name, each once, and the other names of those that have several."""
    tensors, alias = {}, {}
    names: Dict[int, str] = {}
    for name, tensor in itertools.chain(_all(model, "_parameters"), _all(model, "_buffers")):
        first = names.setdefault(id(tensor), name)
        if first == name:
            tensors[name] = tensor
        else:
            alias[name] = first
    return tensors, alias


def _all(model, kind):
    for prefix, module in model.named_modules():
        for name, tensor in getattr(module, kind).items():
            if tensor is not None:
                yield (prefix + "." if prefix else "") + name, tensor


def _functional(function):
    """The same function, with every operation that writes to a tensor replaced by one that makes a new one."""
    def wrapped(*tensors):
        functional = [torch._to_functional_tensor(tensor) for tensor in tensors]
        for given, made in zip(tensors, functional):
            if given.requires_grad:
                made.requires_grad_(True)
        torch._enable_functionalization(reapply_views=True)
        try:
            result = function(*functional)
        finally:
            torch._disable_functionalization()
        torch._sync(result)
        return torch._from_functional_tensor(result)
    return wrapped


def _by_parts():
    """What is made of simpler operations: PyTorch's losses, which a model may compute itself, and Bilinear's product."""
    packets = (getattr(torch.ops.aten, name, None) for name in LOSSES)
    parts = get_decompositions([packet for packet in packets if packet is not None])
    parts[torch.ops.aten._trilinear.default] = _trilinear
    parts.update({torch.ops.aten.nll_loss_forward.default: _nll_loss, torch.ops.aten.nll_loss2d_forward.default: _nll_loss})
    return parts


def _nll_loss(scores, target, weight, reduction, ignore_index):
    """The loss, and what its mean is divided by. PyTorch's own decomposition has no negative class to ignore."""
    dimension = 1 if scores.dim() > 1 else 0
    counted = target.ne(ignore_index)
    classes = target.mul(counted)
    weights = counted.to(scores.dtype) if weight is None else weight.index_select(0, classes.reshape(-1)).reshape(classes.shape).mul(counted)
    losses = scores.gather(dimension, classes.unsqueeze(dimension)).squeeze(dimension).mul(weights).neg()
    total = weights.sum()
    return (losses, losses.sum().div(total), losses.sum())[reduction], total


def _trilinear(one, two, three, places1, places2, places3, summed, unroll_dim=1):
    factors = []
    for factor, places in ((one, places1), (two, places2), (three, places3)):
        for place in sorted(places):
            factor = factor.unsqueeze(place)
        factors.append(factor)
    product = factors[0] * factors[1] * factors[2]
    return product.sum(summed) if summed else product


def _follow(model, given, size):
    """The operations of a model on a batch; what it keeps of them is not to be met by another run."""
    tensors, alias = unique_tensors(model)
    names = list(tensors)
    inputs = [batch_of(tensor, size) for tensor in given.inputs(given.precise)]

    def call(*flat):
        values = dict(zip(names, flat))
        values.update({name: values[first] for name, first in alias.items()})
        return given.pick(functional_call(model, values, *given.arguments(flat[len(names):])))

    values = [tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in tensors.values()]
    return Graph(
        make_fx(_functional(call), decomposition_table=_by_parts())(*values, *inputs), names, given.names,
        {id(tensor): name for name, tensor in tensors.items()})


class Graph:
    """Operations in order: what make_fx found at one batch size, without what nothing reads."""

    def __init__(self, module, names, inputs, own):
        module.graph.eliminate_dead_code()
        self.nodes, self.values = [], {}
        self.constants: Dict[str, torch.Tensor] = {}
        leaves = iter(names + inputs)
        for node in module.graph.nodes:
            if node.op == "placeholder":
                self.values[node] = next(leaves)
            elif node.op == "get_attr":
                value = getattr(module, node.target)
                if id(value) in own:
                    # A module that keeps its parameters in a list of its own, as LSTM does.
                    self.values[node] = own[id(value)]
                    continue
                self.values[node] = name = f"constant.{len(self.constants)}"
                self.constants[name] = value.detach().clone()
            elif node.op == "call_function":
                self._add(node)
            elif node.op == "output":
                self.output = self._value(node.args[0])

    def _add(self, node):
        operation, arguments = operation_name(node.target), self._arguments(node)
        if operation in COPIES:
            self.values[node] = self.values[node.args[0]]
            return
        if operation in FILLED:
            # Their values do not depend on the tensor whose type they have.
            arguments.pop("self")
            operation = FILLED[operation]
        if operation in RESHAPES:
            arguments = {"self": arguments["self"], "shape": arguments[RESHAPES[operation]]}
            operation = "reshape"
        if operation == "as_strided" and _is_contiguous(arguments):
            # Pooling to one place lays its result out anew.
            arguments, operation = {"self": arguments["self"], "shape": arguments["size"]}, "reshape"
        self.values[node] = node.name
        self.nodes.append((node.name, operation, arguments))

    def _value(self, argument):
        if isinstance(argument, torch.fx.Node):
            return "%" + self.values[argument]
        if isinstance(argument, (list, tuple)):
            return [self._value(item) for item in argument]
        if isinstance(argument, float) and not math.isfinite(argument):
            return {"number": str(argument)}
        if isinstance(argument, torch.Tensor):
            name = f"constant.{len(self.constants)}"
            self.constants[name] = argument.detach().clone()
            return "%" + name
        return argument

    def _arguments(self, node):
        if not hasattr(node.target, "_schema"):  # operator.getitem
            return {"input": self._value(node.args[0]), "index": node.args[1]}
        arguments = {}
        for place, declared in enumerate(node.target._schema.arguments):
            if declared.name in PLACEMENT:
                continue
            if place < len(node.args) and not declared.kwarg_only:
                value = node.args[place]
            elif declared.name in node.kwargs:
                value = node.kwargs[declared.name]
            else:
                value = declared.default_value
            arguments[declared.name] = self._value(value)
        return arguments


def _is_contiguous(arguments):
    expected = 1
    for size, stride in zip(reversed(arguments["size"]), reversed(arguments["stride"])):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return not arguments["storage_offset"]


def _merge(one, two, third, where):
    """An argument at three batch sizes as one."""
    a, b, c = BATCH_SIZES
    if isinstance(one, (list, tuple)):
        if not (isinstance(two, (list, tuple)) and isinstance(third, (list, tuple)) and len(one) == len(two) == len(third)):
            raise ExportError(f"{where} has another length at another batch size.")
        return [_merge(x, y, z, where) for x, y, z in zip(one, two, third)]
    if isinstance(one, (torch.dtype, torch.device, torch.layout, torch.memory_format)):
        return DTYPES.get(one, str(one))
    if type(one) is int and type(two) is int and type(third) is int and not one == two == third:
        slope, rest = divmod(two - one, b - a)
        constant = one - slope * a
        if rest or slope * c + constant != third:
            raise ExportError(f"{where} is {one}, {two} and {third} for {a}, {b} and {c} samples, which is no multiple of the batch size.")
        return {"batch": slope, "plus": constant} if constant else {"batch": slope}
    if one != two or one != third:
        raise ExportError(f"{where} is {one}, {two} and {third} for {a}, {b} and {c} samples.")
    return one


def operation_name(target):
    """aten.relu.default is relu."""
    return str(target).split("aten.")[-1].split(".")[0] if "aten" in str(target) else getattr(target, "__name__", str(target))


def trace(make, given):
    """The graph of a model in evaluation mode: a dict for JSON, and its tensors by name.

    make: returns the model, anew at each call. given: the batch, and how the model takes it.
    """
    tensors, _ = unique_tensors(make())
    first, second, third = (_follow(make(), given, size) for size in BATCH_SIZES)
    if not len(first.nodes) == len(second.nodes) == len(third.nodes):
        raise ExportError(
            f"The model takes {len(first.nodes)}, {len(second.nodes)} and {len(third.nodes)} operations for batches of "
            f"{', '.join(map(str, BATCH_SIZES))} samples: it treats samples one after another, as for i in range(len(x)) does, or "
            "depends on their number. Compute on the whole batch at once.")

    nodes = []
    for (name, operation, one), (_, operation2, two), (_, operation3, three) in zip(first.nodes, second.nodes, third.nodes):
        if not operation == operation2 == operation3:
            raise ExportError(f"Operation {name} is {operation} or {operation2}, depending on the batch size.")
        nodes.append({"name": name, "operation": operation, "arguments": {
            key: _merge(one[key], two[key], three[key], f"Argument {key} of {name} ({operation})") for key in one}})
    for name, value in first.constants.items():
        if not (value.shape == second.constants[name].shape and torch.equal(value, second.constants[name])):
            raise ExportError(f"The model makes a constant of {list(value.shape)} that depends on the batch size.")

    graph = {
        "inputs": [{"name": name, "dtype": INPUT_DTYPES.get(tensor.dtype, "int64")} for name, tensor in zip(given.names, given.inputs())],
        **({"loss": True} if given.computes_loss else {}),
        "parameters": {}, "constants": {},
        "nodes": nodes,
        "output": first.output,
    }
    used = set(_references(nodes)) | {first.output[1:]}
    stored = {}
    for name, tensor in list(tensors.items()) + list(first.constants.items()):
        if name not in used:
            continue
        stored[name] = tensor.detach()
        if isinstance(tensor, torch.nn.Parameter):
            graph["parameters"][name] = {"shape": list(tensor.shape), "trainable": tensor.requires_grad}
        else:
            graph["constants"][name] = {"shape": list(tensor.shape), "dtype": DTYPES[tensor.dtype]}
    real = [tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()]
    return _fold(graph, stored, real[0] if real else torch.get_default_dtype()), stored


def _references(value):
    if isinstance(value, str) and value.startswith("%"):
        yield value[1:]
    elif isinstance(value, dict):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _has_batch(value):
    if isinstance(value, dict):
        return "batch" in value or any(_has_batch(item) for item in value.values())
    return isinstance(value, list) and any(_has_batch(item) for item in value)


def _fold(graph, stored, dtype):
    """Operations on constants alone are computed here and now."""
    varying = {about["name"] for about in graph["inputs"]} | set(graph["parameters"])
    nodes = []
    for node in graph["nodes"]:
        if any(name in varying for name in _references(node["arguments"])) or _has_batch(node["arguments"]):
            varying.add(node["name"])
            nodes.append(node)
            continue
        value = evaluate_node(node, stored, 0, dtype)
        stored[node["name"]] = value
    graph["nodes"] = nodes
    used = set(_references(nodes)) | {graph["output"][1:]}
    for name in list(stored):
        if name not in used:
            del stored[name]
            graph["constants"].pop(name, None)
            graph["parameters"].pop(name, None)
        elif name not in graph["parameters"] and name not in graph["constants"]:
            graph["constants"][name] = {"shape": list(stored[name].shape), "dtype": DTYPES[stored[name].dtype]}
    return graph


def evaluate_node(node, values, batch, dtype):
    """One operation, as PyTorch computes it for a batch of samples; dtype: of the numbers that it makes."""
    def resolve(value):
        if isinstance(value, str) and value.startswith("%"):
            return values[value[1:]]
        if isinstance(value, dict) and "number" in value:
            return float(value["number"])
        if isinstance(value, dict):
            return value["batch"] * batch + value.get("plus", 0)
        return [resolve(item) for item in value] if isinstance(value, list) else value

    arguments = {key: resolve(value) for key, value in node["arguments"].items()}
    if node["operation"] == "getitem":
        return arguments["input"][arguments["index"]]
    packet = getattr(torch.ops.aten, node["operation"])
    for name in packet.overloads():
        schema = getattr(packet, name)._schema
        known = {a.name for a in schema.arguments if a.name not in PLACEMENT}
        if known != set(arguments):
            continue
        given = {}
        for declared in schema.arguments:
            if declared.name not in arguments:
                continue
            value = arguments[declared.name]
            if declared.name == "dtype" and isinstance(value, str):
                value = dtype if value == "float" else getattr(torch, value)
            given[declared.name] = value
        try:
            positional = [given[a.name] for a in schema.arguments if a.name in given and not a.kwarg_only]
            named = {a.name: given[a.name] for a in schema.arguments if a.name in given and a.kwarg_only}
            return getattr(packet, name)(*positional, **named)
        except (TypeError, RuntimeError) as error:
            failure = error
    raise ExportError(f"Operation {node['name']} ({node['operation']}) cannot be computed from what was written: {failure}")


def evaluate(graph, stored, inputs, dtype):
    """The output of a graph that was written, as PyTorch computes it; dtype: of its real numbers."""
    values = dict(stored)
    values.update(zip((about["name"] for about in graph["inputs"]), inputs))
    for node in graph["nodes"]:
        values[node["name"]] = evaluate_node(node, values, inputs[0].shape[0], dtype)
    return values[graph["output"][1:]]
