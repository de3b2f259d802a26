"""Writes the cases of layer_table.py, all pairs of each layer's arguments, with what PyTorch computes of them in float64.

    layer_cases.py TOOLS_FOLDER OUTPUT_FOLDER

cases.json: each case's model, what its arguments are, and whether PyTorch refuses it; if not, loss, quadratic form, and
each parameter's own quadratic form and trace. cases.safetensors: inputs, targets, outputs, weights, the probe, and the
gradient of the outputs' sum, by the case's number.
"""
import functools
import json
import os
import sys
import warnings

import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
import export_pytorch  # noqa: E402
from covering import cover  # noqa: E402
from layer_table import DEFAULT, FURTHER, LATER, TABLE, Bad, Unserved, layer  # noqa: E402

OUT = sys.argv[2]

# How a case is made, beside the layer's own arguments.
AROUND = {
    "place": ["first", "inner"],
    "written": ["from the arguments", "by the exporter"],
}
OF_THE_INPUT = ("input", "dtype")


class Residual(nn.Module):
    def __init__(self, layers, shortcut=None):
        super().__init__()
        self.body = chain(layers)
        self.shortcut = nn.Identity() if shortcut is None else chain(shortcut)

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class HardsigmoidByParts(nn.Module):
    """PyTorch has no second derivative of Hardsigmoid's first."""

    def forward(self, x):
        return torch.clamp(x + 3, 0, 6) / 6


def chain(layers):
    return nn.Sequential(*[make(one) for one in layers])


def make(described):
    """PyTorch's module of a description."""
    kind, arguments = described["type"], {name: value for name, value in described.items() if name != "type"}
    if kind == "Sequential":
        return chain(**arguments)
    if kind == "Residual":
        return Residual(**arguments)
    without_bias = kind == "LayerNorm" and arguments.pop("bias", True) is False
    made = getattr(nn, kind)(**{name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()})
    if without_bias:  # an argument since PyTorch 2.1, an attribute before
        made.bias = None
    return made


def differentiable(described):
    """The same numbers by a module that PyTorch differentiates twice: not in place, with dense gradients."""
    if described["type"] == "Hardsigmoid":
        return HardsigmoidByParts()
    return make({name: value for name, value in described.items() if name not in ("inplace", "sparse")})


class Network:
    """A layer among others: first, or «inner», behind a Linear whose tangents pass through it."""

    def __init__(self, kind, values):
        self.layer = layer(kind, **{name: value for name, value in values.items()
                                    if name not in AROUND and name not in OF_THE_INPUT and value is not DEFAULT})
        shape = [self.layer[size] if isinstance(size, str) else size for size in values["input"]]
        self.is_first = values["place"] == "first"
        self.before = [] if self.is_first else [layer("Linear", in_features=2, out_features=shape[-1]), layer("Tanh")]
        self.inputs = _inputs(shape if self.is_first else [*shape[:-1], 2], values.get("dtype"))
        self.behind = []

    def width(self):
        """The last size of the layer's output; raises where PyTorch refuses the layer."""
        with torch.no_grad():
            output = self.module(make)(self.inputs.clone())
        if not isinstance(output, torch.Tensor) or output.numel() == 0:
            raise ValueError("no output")
        return output.shape[-1]

    def complete(self):
        """Adds the layers behind the one that is looked at, and makes PyTorch's model of all."""
        width = self.width()
        self.behind = [layer("Tanh"), layer("Linear", in_features=width, out_features=2)] if self.is_first else [layer("Tanh")]
        self.real = _shaken(self.module(make))
        return self

    def described(self):
        return {"type": "Sequential", "layers": [*self.before, self.layer, *self.behind]}

    def module(self, make_layer):
        return nn.Sequential(
            *[make(one) for one in self.before], make_layer(self.layer), *[make(one) for one in self.behind]).eval()


def _inputs(shape, dtype):
    generator = torch.Generator().manual_seed(len(shape))
    if dtype is None:
        return torch.randn(shape, generator=generator) * 1.5
    return torch.randint(0, 5, shape, generator=generator).to(getattr(torch, dtype))


def _shaken(module):
    """Every weight and statistic moved away from where it starts, which is 0 or 1 for many."""
    generator = torch.Generator().manual_seed(1)
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise * 0.6)
    return module


def refusal(kind, values):
    """Why PyTorch refuses a combination; None where it does not."""
    try:
        Network(kind, values).width()
        return None
    except Exception as error:  # of many kinds: assertions, wrong types, divisions by zero, libtorch's errors
        return "%s: %s" % (type(error).__name__, str(error).split("\n")[0])


def combinations(kind, table):
    """The values that meet in pairs, by argument; and the cases, each its values and what is expected of it."""
    around = {**AROUND, "place": ["first"]} if "dtype" in table else AROUND
    factors = {**table, **around}
    served = {name: [value for value in values if not isinstance(value, (Bad, Unserved))] for name, values in factors.items()}

    def values_of(case):
        return {name: served[name][number] for name, number in case.items()}

    @functools.lru_cache(maxsize=None)
    def is_taken(own):
        return refusal(kind, values_of({**dict.fromkeys(around, 0), **dict(own)})) is None

    def is_allowed(case):
        return is_taken(tuple(sorted((name, number) for name, number in case.items() if name not in around)))

    allowed, refused = cover({name: len(values) for name, values in served.items()}, is_allowed)
    cases = [(values_of(case), "value") for case in allowed] + [
        (values_of(case), "later" if _is_lifted(refusal(kind, values_of(case))) else "refused") for case in refused]
    plain = {name: values[0] for name, values in served.items()}
    for name, values in factors.items():
        cases += [({**plain, name: value.value}, "refused" if isinstance(value, Bad) else "unserved")
                  for value in values if isinstance(value, (Bad, Unserved))]
    return served, cases


def _is_lifted(refusal):
    return any(message in refusal for message in LATER)


def mixes_samples(model, inputs, outputs):
    """Whether a sample's output depends on the others, as where the first dimension is none of samples."""
    try:
        alone, turned = model(inputs[:1].clone()), model(inputs.flip(0))
        return alone.shape != outputs[:1].shape or not (
            torch.allclose(alone, outputs[:1]) and torch.allclose(turned.flip(0), outputs))
    except (RuntimeError, ValueError, IndexError):
        return True


def references(network, arrays, number):
    """What PyTorch computes, by double backward."""
    with torch.no_grad():
        outputs = network.real(network.inputs.clone())
    generator = torch.Generator().manual_seed(number)
    targets = torch.randn(outputs.shape, generator=generator)
    model = network.module(differentiable)
    model.load_state_dict(network.real.state_dict())
    names, parameters = zip(*model.named_parameters())
    probe = [torch.randn(p.shape, generator=generator) for p in parameters]

    found = model(network.inputs)
    if not torch.allclose(found, outputs, rtol=1e-13, atol=1e-13) or not torch.isfinite(outputs).all():
        raise RuntimeError("%s gives no finite numbers, or others than without inplace" % network.layer)
    loss = nn.functional.mse_loss(found, targets)
    gradient = torch.autograd.grad(found.sum(), parameters, retain_graph=True)
    slopes = torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, parameters, create_graph=True)])
    rows = torch.autograd.grad(slopes, parameters, torch.eye(len(slopes)), is_grads_batched=True)
    hessian = torch.cat([row.reshape(len(slopes), -1) for row in rows], 1)

    for name, value in (("inputs", network.inputs), ("targets", targets), ("outputs", outputs),
                        ("gradient", torch.cat([g.reshape(-1) for g in gradient]))):
        arrays["%d/%s" % (number, name)] = value
    for name, value in network.real.state_dict().items():
        arrays["%d/weights/%s" % (number, name)] = value
    for name, value in zip(names, probe):
        arrays["%d/probe/%s" % (number, name)] = value

    v, blocks, at = torch.cat([p.reshape(-1) for p in probe]), [], 0
    for parameter in parameters:
        own = slice(at, at + parameter.numel())
        block = hessian[own, own]
        blocks.append({"form": float(v[own] @ block @ v[own]), "trace": float(block.trace())})
        at += parameter.numel()
    return {"loss": float(loss), "form": float(v @ hessian @ v), "blocks": blocks,
            "mixes": mixes_samples(network.real, network.inputs, outputs)}


def exported(network, targets):
    """The description that the exporter writes; its names must be PyTorch's."""
    names = export_pytorch.export(network.real, network.inputs.clone(), targets, OUT)
    if any(name != own for own, name in names.items()):
        raise RuntimeError("the exporter renamed %s" % names)
    with open(os.path.join(OUT, "model.json"), encoding="utf-8") as file:
        return json.load(file)


def record(kind, values, expected, arrays, number):
    """One case as cases.json has it."""
    if expected != "value" and "dtype" not in values:
        values = {**values, "place": "inner"}  # with a parameter, and with no layer behind that could be what is refused
    network = Network(kind, values)
    found = {"number": number, "expected": expected, "values": {name: label(value) for name, value in values.items()}}
    if expected == "value":
        found.update(references(network.complete(), arrays, number))
    else:
        why = refusal(kind, values)
        if (why is None) != (expected == "unserved"):
            raise RuntimeError("%s %s: expected %s, and PyTorch says %s" % (kind, values, expected, why))
        arrays["%d/inputs" % number] = network.inputs
    is_exported = expected == "value" and values["written"] == "by the exporter"
    found["model"] = exported(network, arrays["%d/targets" % number]) if is_exported else network.described()
    return found


def label(value):
    return "default" if value is DEFAULT else json.dumps(value)


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    kinds, arrays, number = {}, {}, 0
    for kind, table in TABLE.items():
        kinds[kind] = []
        for one in [table, FURTHER[kind]] if kind in FURTHER else [table]:
            served, cases = combinations(kind, one)
            kinds[kind].append({
                "values": {name: [label(value) for value in values] for name, values in served.items()},
                "cases": [record(kind, values, expected, arrays, number + i) for i, (values, expected) in enumerate(cases)]})
            number += len(cases)
    export_pytorch.write_safetensors(os.path.join(OUT, "cases.safetensors"), arrays)
    with open(os.path.join(OUT, "cases.json"), "w", encoding="utf-8") as file:
        json.dump(kinds, file, allow_nan=False)


main()
