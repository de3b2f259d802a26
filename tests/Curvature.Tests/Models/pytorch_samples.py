"""Writes what the tests of samples and targets compare with: models, batches, and PyTorch's loss and traces in float64.

    pytorch_samples.py TOOLS_FOLDER OUTPUT_FOLDER
"""
import json
import os
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, sys.argv[1])
import export_pytorch  # noqa: E402

OUT = sys.argv[2]


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def whole(seed, below, *shape):
    return torch.randint(0, below, shape, generator=torch.Generator().manual_seed(seed))


def folder(*names):
    path = os.path.join(OUT, *names)
    os.makedirs(path, exist_ok=True)
    return path


def prepared(model, scale=0.6):
    """In float64 and evaluation mode, with fixed parameters of moderate size."""
    model = model.double().eval()
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            parameter.copy_(scale * normal(100 + index, *parameter.shape))
    return model


def traces(model, inputs, loss):
    """The loss, the trace of its Hessian by double backward, and that of the GGN: the loss' curvature along the Jacobian's columns."""
    parameters = list(model.parameters())
    output = model(inputs)
    value = loss(output)
    hessian = 0.0
    for parameter, gradient in zip(parameters, torch.autograd.grad(value, parameters, create_graph=True)):
        for index, entry in enumerate(gradient.flatten()):
            row = torch.autograd.grad(entry, parameter, retain_graph=True, allow_unused=True)[0]
            hessian += 0.0 if row is None else float(row.flatten()[index])
    ggn, point = 0.0, output.detach()
    dual = torch.zeros_like(output, requires_grad=True)
    for pulled in torch.autograd.grad(output, parameters, dual, create_graph=True):
        for entry in pulled.flatten():
            column = torch.autograd.grad(entry, dual, retain_graph=True)[0]
            ggn += float((column * torch.autograd.functional.hvp(loss, point, column)[1]).sum())
    return {"loss": float(value), "hessian": hessian, "ggn": ggn}


def write(path, model, inputs, targets, loss, described=False, traced=False, more=None):
    """model.json where it is described, model.pt, data.safetensors, expected.json."""
    if described:
        export_pytorch.export(model, inputs, targets, path)
    script = torch.jit.trace(model, inputs, check_trace=False) if traced else torch.jit.script(model)
    torch.jit.save(script, os.path.join(path, "model.pt"))
    export_pytorch.write_safetensors(os.path.join(path, "data.safetensors"), {"inputs": inputs, "targets": targets})
    expected = {**traces(model, inputs, loss), **(more or {})}
    with open(os.path.join(path, "expected.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file)


# Targets of which some do not count. Samples 3, 4 and 5 have no other, so that micro-batches of one and of three samples
# have none that counts either.
IGNORED = {
    "classes": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), (3,), (), -100, {}),
    "classes and 255": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), (3,), (), 255, {}),
    "a class": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), (3,), (), 2, {}),
    "sum": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), (3,), (), 255, {"reduction": "sum"}),
    "weights": (lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 5)), (3,), (), 255,
                {"weight": [0.5, 1.5, 2.5, 0.1, 1.0], "label_smoothing": 0.1}),
    "tokens": (lambda: nn.Sequential(nn.Conv1d(2, 3, 2), nn.Sigmoid(), nn.Conv1d(3, 4, 1)), (2, 4), (3,), -100, {}),
    "pixels": (lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.Conv2d(2, 3, 1)), (1, 3, 4), (2, 3), 255, {}),
}


def ignored():
    for index, (name, (make, sample, position, value, options)) in enumerate(IGNORED.items()):
        model, inputs = prepared(make()), normal(10 + index, 11, *sample)
        targets = whole(30 + index, model(inputs).shape[1], 11, *position)
        if value >= 0:
            targets[targets == value] = 0
        targets.view(-1)[::4] = value
        targets[3:6] = value
        given = {key: torch.tensor(v, dtype=torch.float64) if key == "weight" else v for key, v in options.items()}

        def loss(output):
            return F.cross_entropy(output, targets, ignore_index=value, **given)

        write(folder("ignored", name), model, inputs, targets, loss, described=True,
              more={"ignore_index": value, **options})


class SequenceFirst(nn.Module):
    """A recurrent layer that takes samples for time."""

    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(3, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.lstm(x)[0][:, -1])


class BatchFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.last = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.lstm(x)[0][:, -1])


class AcrossSamples(nn.Module):
    """Attention over the first dimension."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = nn.Linear(3, 4), nn.Linear(3, 4), nn.Linear(3, 3)

    def forward(self, x):
        return torch.softmax(self.query(x) @ self.key(x).t() / 2, 1) @ self.value(x)


class Attention(nn.Module):
    """nn.MultiheadAttention on [N, T, E], which it takes for [T, N, E] unless told otherwise."""

    def __init__(self, batch_first: bool):
        super().__init__()
        self.attention, self.last = nn.MultiheadAttention(4, 2, batch_first=batch_first), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(self.attention(x, x, x)[0].mean(1))


class Positions(nn.Module):
    """The tutorial's positional encoding, which is added along the first dimension."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 3)
        self.register_buffer("table", 0.05 * normal(7, 1000, 4))

    def forward(self, x):
        return self.last(torch.tanh(self.first(x) + self.table[:x.size(0)]))


class Counted(nn.Module):
    """Divides by the number of samples, as a loss should."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x) / x.size(0)


class Groups(nn.Module):
    """StyleGAN's minibatch standard deviation, over groups of four."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(5, 3)

    def forward(self, x):
        y = torch.tanh(self.first(x))
        spread = (y.view(4, -1, 4).var(0, unbiased=False) + 1e-8).sqrt().mean(1, keepdim=True)
        return self.last(torch.cat([y, spread.repeat(4, 1)], 1))


class FixedSize(nn.Module):
    """Traced, it holds the number of samples that it was traced with."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(torch.tanh(self.first(x)).reshape(int(x.shape[0]), 2, 2).flatten(1))


class Routed(nn.Module):
    """Each sample goes to one of two experts, which compute with as many as come."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        first = x[:, 0] > 0
        out = torch.zeros_like(x)
        out[first] = torch.tanh(self.one(x[first]))
        out[~first] = torch.sigmoid(self.two(x[~first]))
        return out


class Normed(nn.Module):
    """Normalisations that take each sample for itself, two of them with its own statistics."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(1, 4, 2)
        self.norms = nn.Sequential(
            nn.BatchNorm1d(4), nn.InstanceNorm1d(4, affine=True), nn.GroupNorm(2, 4), nn.LayerNorm(2), nn.Dropout())
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        return self.last(torch.tanh(self.norms(self.first(x.unsqueeze(1)))).flatten(1))


def untracked():
    return nn.Sequential(
        nn.Linear(4, 5), nn.BatchNorm1d(5, track_running_stats=False), nn.Tanh(), nn.Linear(5, 3))


def untracked_images():
    return nn.Sequential(
        nn.Conv2d(1, 2, 2), nn.BatchNorm2d(2, track_running_stats=False), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3))


# A model, its samples, whether layers can describe it, whether it is traced.
MIXING = {
    "batch statistics": (untracked, (600, 4), True, False),
    "batch statistics of images": (untracked_images, (20, 1, 3, 3), True, False),
    "sequence first": (SequenceFirst, (20, 5, 3), False, False),
    "attention": (lambda: Attention(False), (20, 5, 4), False, False),
    "attention across samples": (AcrossSamples, (20, 3), False, False),
    "positions": (Positions, (20, 3), False, False),
    "counted": (Counted, (20, 3), False, False),
    "groups": (Groups, (20, 3), False, True),
}
INDEPENDENT = {
    "normed": (Normed, (20, 3), False, False),
    "batch first": (BatchFirst, (20, 5, 3), False, False),
    "attention": (lambda: Attention(True), (20, 5, 4), False, False),
    "routed": (Routed, (20, 3), False, False),
    "fixed size": (FixedSize, (20, 3), False, True),
}


def samples():
    for kind, cases in (("mixing", MIXING), ("independent", INDEPENDENT)):
        for index, (name, (make, shape, described, traced)) in enumerate(cases.items()):
            model, inputs = prepared(make()), normal(50 + index, *shape)
            targets = whole(70 + index, 3, shape[0])
            write(folder(kind, name), model, inputs, targets, lambda z: F.cross_entropy(z, targets), described, traced)

    # Traced in training mode, batch normalisation stays in it.
    model, inputs, targets = prepared(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))), normal(90, 20, 3), whole(91, 3, 20)
    write(folder("mixing", "training mode"), model.train(), inputs, targets, lambda z: F.cross_entropy(z, targets), traced=True)


class Words(nn.Module):
    """Makes indices of whatever holds its tokens."""

    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.last(torch.tanh(self.table(x.long()).mean(1)))


def storage():
    """Bytes: tokens for models that look them up, pixels for one that computes with them."""
    targets = whole(95, 3, 12)
    tokens, pixels = whole(96, 7, 12, 5).to(torch.uint8), whole(97, 256, 12, 4).to(torch.uint8)

    def loss(output):
        return F.cross_entropy(output, targets)

    write(folder("storage", "long"), prepared(Words()), tokens, targets, loss)
    looked_up = prepared(nn.Sequential(nn.Embedding(7, 4), nn.Tanh(), nn.Flatten(), nn.Linear(20, 3)))
    write(folder("storage", "embedding"), looked_up, tokens.long(), targets, loss, described=True)
    real = prepared(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), scale=0.02)
    write(folder("storage", "real"), real, pixels.double(), targets, loss, described=True,
          more={"scaled": traces(real, pixels.double() / 255, loss)})


warnings.simplefilter("ignore")
torch.set_num_threads(1)
ignored()
samples()
storage()
