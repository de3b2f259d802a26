"""Writes what TorchScriptTensorsTests and its neighbours load, and what PyTorch makes of it in float64.

    torchscript_cases.py TOOLS_FOLDER OUTPUT_FOLDER
"""
import json
import os
import sys
import warnings
import zipfile

import torch
from torch import nn
from torch.nn import functional as F

OUT = os.path.join(sys.argv[2], "types")


class Rotary(nn.Module):
    """A rotary embedding: pairs of numbers are complex numbers, and are turned by angles in a buffer."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 8)
        self.last = nn.Linear(8, 2)
        self.register_buffer("turns", torch.polar(torch.ones(4), torch.arange(4) + 0.5))

    def forward(self, x):
        pairs = torch.view_as_complex(torch.tanh(self.layer(x)).reshape(-1, 4, 2))
        return self.last(torch.view_as_real(pairs * self.turns).flatten(1))


class Spectral(nn.Module):
    """A filter with a complex weight for each frequency, under two names; one that is frozen; and one in an attribute."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 6)
        self.filter = nn.Parameter(torch.complex(torch.linspace(-1, 1, 4), torch.linspace(0.5, 2, 4)))
        self.again = self.filter
        self.fixed = nn.Parameter(torch.complex(torch.ones(4), torch.linspace(-0.3, 0.4, 4)), requires_grad=False)
        self.plain = torch.complex(torch.linspace(1, 2, 4), torch.zeros(4))
        self.last = nn.Linear(6, 2)

    def forward(self, x):
        spectrum = torch.fft.rfft(torch.tanh(self.layer(x)))
        spectrum = spectrum * self.filter * self.fixed + self.plain * self.again * spectrum * spectrum.conj()
        return self.last(torch.fft.irfft(spectrum, n=6))


class Ordered(nn.Module):
    """A permutation in a frozen parameter."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.order = nn.Parameter(torch.tensor([2, 0, 3, 1]), requires_grad=False)
        self.same = self.order
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        return self.last(torch.tanh(self.layer(x))[:, self.order])


class Inner(nn.Module):
    def __init__(self, value, place):
        super().__init__()
        if place == "buffer":
            self.register_buffer("value", value)
        elif place == "attribute":
            self.value = value
        else:
            self.value = nn.Parameter(value, requires_grad=place == "parameter")

    def forward(self, x):
        return self.value


class Holder(nn.Module):
    """Holds a tensor in a child, in one of the ways there are."""

    def __init__(self, value, place):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.inner = Inner(value, place)

    def forward(self, x):
        return self.inner(self.layer(x))


class Folded(nn.Module):
    """Fails in a function that it calls, where the number of samples is odd."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return folded(self.layer(x))


def folded(x):
    return x.reshape(2, -1, 2).sum(0)


class Refusing(Folded):
    """Raises an error of its own."""

    def forward(self, x):
        if x.size(0) > 1:
            raise ValueError("one sample at a time, please")
        return self.layer(x)


class Narrow(Folded):
    """Fails within a layer of PyTorch's."""

    def forward(self, x):
        return self.layer(
            torch.cat([x, x], 1))


class OnceOnly(Folded):
    """EmbeddingBag has a first derivative by its weights and no second."""

    def forward(self, x):
        rows = torch.zeros([x.size(0), 1], dtype=torch.long)
        return torch.tanh(self.layer(x)) * F.embedding_bag(rows, self.layer.weight[:, :2])


class Blend(nn.Module):
    """Operations of which libtorch has derivatives of its own for programs."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 16), nn.LayerNorm(16), nn.Linear(16, 2)

    def forward(self, x):
        x = F.gelu(self.norm(F.silu(self.first(x))))
        x = torch.sigmoid(x) * torch.tanh(x) + F.softplus(x)
        return self.last(F.hardswish(F.elu(x * torch.softmax(x, 1) + x.exp())))


class Attention(nn.Module):
    """Attention, of which a stand-in is scripted; no shape is looked at then."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(4, 6), nn.Linear(4, 6), nn.Linear(4, 6)
        self.last = nn.Linear(6, 2)

    def forward(self, x):
        rows = x.reshape(-1, 1, 3, 4)
        q, k, v = self.query(rows), self.key(rows), self.value(rows)
        return self.last(q.bmm(k).bmm(v).mean((1, 2)))


def rewrite(path, to, old="", new=""):
    """Replaces text in an archive's program, and leaves out what says where in the source each piece of it comes from."""
    changed = 0
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(to, "w") as out:
        for entry in archive.infolist():
            content = archive.read(entry)
            if old and entry.filename.endswith(".py"):
                content = content.replace(old.encode(), new.encode())
                changed += content != archive.read(entry)
            if not entry.filename.endswith(".debug_pkl"):
                out.writestr(entry.filename, content)
    return changed


def attention(form):
    """PyTorch 1.13 has no such function, so it is written into the program of a model that has another in its place."""
    path, patched = at("standing.pt"), at("attention-%s.pt" % form)
    torch.manual_seed(5)
    model = Attention()
    torch.jit.save(torch.jit.script(model), path)
    operator = {
        "operator": "torch.scaled_dot_product_attention(q, k, v)",
        "causal": "torch.scaled_dot_product_attention(q, k, v, None, 0., True)",
        "written": "torch.matmul(torch.softmax(torch.div(torch.matmul(q, torch.transpose(k, -2, -1)), 2.449489742783178), -1), v)",
    }[form]
    found = rewrite(path, patched, "torch.bmm(torch.bmm(q, k), v)", operator)
    if found != 1:
        sys.exit("the program to be patched is not what it was")
    os.remove(path)
    model.double()
    x = inputs(12)

    def written(x):
        rows = x.reshape(-1, 1, 3, 4)
        q, k, v = model.query(rows), model.key(rows), model.value(rows)
        scores = q.matmul(k.transpose(-2, -1)) / 6 ** 0.5
        if form == "causal":
            scores = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), float("-inf"))
        return model.last(scores.softmax(-1).matmul(v).mean((1, 2)))

    return written, list(model.parameters()), x


def at(name):
    return os.path.join(OUT, name)


def inputs(columns, samples=5):
    return torch.linspace(-1, 1.3, samples * columns, dtype=torch.float64).reshape(samples, columns).sin() * 1.7


def in_double(model):
    """Every tensor in double precision, complex ones too, which model.double() leaves."""
    for module in model.modules():
        for name, value in list(vars(module).items()) + list(module._parameters.items()) + list(module._buffers.items()):
            if not isinstance(value, torch.Tensor):
                continue
            kind = torch.complex128 if value.is_complex() else torch.float64 if value.is_floating_point() else value.dtype
            if isinstance(value, nn.Parameter):
                value.data = value.data.to(kind)
            else:
                setattr(module, name, value.to(kind))
    return model


def trace(forward, parameters, x):
    """tr(H) of mean((f(x) - 0.3)^2) by double backward, over real and imaginary parts, and the loss."""
    loss = (forward(x) - 0.3).square().mean()
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    total = 0.0
    for parameter, gradient in zip(parameters, gradients):
        # PyTorch's gradient by z = a + bi holds that by a and that by b as its parts.
        parts = torch.view_as_real(gradient) if gradient.is_complex() else gradient
        for i in range(parts.numel()):
            row = torch.autograd.grad(parts.flatten()[i], parameter, retain_graph=True)[0]
            total += (torch.view_as_real(row) if row.is_complex() else row).flatten()[i].item()
    return {"loss": loss.item(), "trace": total}


def traces():
    found = {}
    for kind in (Rotary, Spectral, Ordered):
        torch.manual_seed(3)
        model = kind()
        torch.jit.save(torch.jit.script(model), at(kind.__name__ + ".pt"))
        if kind is Rotary:
            # PyTorch does not trace a parameter that has two names.
            torch.jit.save(torch.jit.trace(model, inputs(3).float()), at(kind.__name__ + "-traced.pt"))
        in_double(model)
        found[kind.__name__] = trace(model, [p for p in model.parameters() if p.requires_grad], inputs(3))
    for form in ("operator", "causal", "written"):
        found["attention-" + form] = trace(*attention(form))
    return found


def values():
    """One tensor of each number type that this PyTorch saves."""
    numbers = torch.tensor([0.0, 1.0, -2.0, 0.1, 3.75, -100.3])
    for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        yield str(kind)[6:], numbers.double().to(kind)
    for kind, part in ((torch.complex32, torch.float16), (torch.complex64, torch.float32), (torch.complex128, torch.float64)):
        yield str(kind)[6:], torch.view_as_complex(numbers.double().to(part).reshape(3, 2)).to(kind)
    for kind in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        info = torch.iinfo(kind)
        yield str(kind)[6:], torch.tensor([0, 1, info.max, info.min], dtype=kind)
    yield "bool", torch.tensor([True, False, True])
    for kind in (torch.qint8, torch.quint8, torch.qint32):
        yield str(kind)[6:], torch.quantize_per_tensor(numbers, 0.5, 3, kind)


def content(value, precision):
    """What the rule makes of a tensor: its type, and its bytes in hexadecimal."""
    if value.is_complex():
        value = value.to(torch.complex128 if precision == torch.float64 else torch.complex64)
        return {"dtype": str(value.dtype)[6:], "bytes": torch.view_as_real(value).numpy().tobytes().hex()}
    if value.is_floating_point():
        value = value.to(precision)
    dtype = str(value.dtype)[6:]
    return {"dtype": dtype, "bytes": (value.int_repr() if value.is_quantized else value).numpy().tobytes().hex()}


def types():
    found = {}
    for name, value in values():
        for place in ("parameter", "frozen", "buffer", "attribute"):
            if place == "parameter" and not (value.is_floating_point() or value.is_complex()):
                continue
            torch.jit.save(torch.jit.script(Holder(value.clone(), place)), at("%s-%s.pt" % (name, place)))
            found["%s-%s" % (name, place)] = {
                str(precision)[6:]: content(value, precision) for precision in (torch.float32, torch.float64)}
    return found


def others():
    """Programs whose execution is looked at, and a model that is none."""
    for kind in (Folded, Refusing, Narrow, OnceOnly, Blend):
        torch.manual_seed(4)
        model = kind()
        torch.jit.save(torch.jit.script(model), at(kind.__name__ + ".pt"))
        rewrite(at(kind.__name__ + ".pt"), at(kind.__name__ + "-bare.pt"))
        if kind in (Folded, Blend):
            torch.jit.save(torch.jit.trace(model, torch.ones(4, 3)), at(kind.__name__ + "-traced.pt"))
    torch.onnx.export(nn.Linear(3, 2), torch.ones(4, 3), at("model.onnx"))


warnings.simplefilter("ignore")
torch.set_num_threads(1)
os.makedirs(OUT, exist_ok=True)
with open(at("expected.json"), "w", encoding="utf-8") as file:
    others()
    json.dump({"traces": traces(), "types": types()}, file, indent=1)
