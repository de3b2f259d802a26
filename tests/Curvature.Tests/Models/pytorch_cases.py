"""Writes what PyTorchTests compare with: models exported by tools/export_pytorch.py, and what PyTorch computes of them.

    pytorch_cases.py TOOLS_FOLDER OUTPUT_FOLDER
"""
import os
import sys
import warnings

import torch
from torch import nn

sys.path.insert(0, sys.argv[1])
import export_pytorch  # noqa: E402
import exporter_cases  # noqa: E402

OUT = sys.argv[2]


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut if shortcut is not None else nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Block(nn.Module):
    """A residual block whose children have other names, and whose shortcut is no child."""

    def __init__(self, main):
        super().__init__()
        self.main = main

    def forward(self, x):
        return self.main(x) + x


class Named(nn.Module):
    """A chain of layers with names."""

    def __init__(self):
        super().__init__()
        self.flat, self.first, self.act, self.last = nn.Flatten(), nn.Linear(64, 5), nn.GELU(), nn.Linear(5, 3)

    def forward(self, x):
        return self.last(self.act(self.first(self.flat(x))))


class Reversed(Named):
    """Not what its children in their order compute."""

    def forward(self, x):
        return -super().forward(x)


def shaken(model, scale=0.3):
    """Every weight and statistic moved away from where it starts, which is 0 or 1 for many."""
    generator = torch.Generator().manual_seed(1)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator) * scale
            value.add_(noise.abs() if name.endswith("running_var") else noise)
    return model


def images(*shape):
    return torch.randn(6, *shape, generator=torch.Generator().manual_seed(2))


CLASSES = torch.tensor([0, 2, 1, 1, 0, 2])


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, stride=2, groups=2), nn.SiLU(),
        nn.Flatten(), nn.Dropout(), nn.Linear(6, 3))
    return shaken(model), images(1, 8, 8), CLASSES


def mlp():
    model = nn.Sequential(
        nn.Linear(5, 7), nn.Tanh(), nn.LayerNorm(7), nn.Sequential(nn.Linear(7, 4), nn.Hardtanh(-2, 0.4), nn.Sigmoid()),
        nn.Linear(4, 2))
    return shaken(model), images(5), torch.randn(6, 2, generator=torch.Generator().manual_seed(3))


def resnet():
    def branch(channels, out, stride):
        return nn.Sequential(
            nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU(),
            nn.Conv2d(out, out, 3, padding=1, bias=False), nn.BatchNorm2d(out))

    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.Softplus(),
        Residual(branch(4, 4, 1)), nn.Tanh(),
        Residual(branch(4, 6, 2), nn.Sequential(nn.Conv2d(4, 6, 1, 2, bias=False), nn.BatchNorm2d(6))), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
    return shaken(model), images(1, 8, 8), CLASSES


def named():
    model = nn.Sequential(Block(nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.Tanh())), Named())
    return shaken(model), images(1, 8, 8), CLASSES


def folder(*names):
    path = os.path.join(OUT, *names)
    os.makedirs(path, exist_ok=True)
    return path


def models():
    said = {"residual": {"Block": ("main", "shortcut")}, "sequential": ["Named"]}
    for make in (cnn, mlp, resnet, named):
        described, scripted = folder(make.__name__, "described"), folder(make.__name__, "torchscript")
        model, inputs, targets = make()
        names = export_pytorch.export(model, inputs, targets, described, **said)
        export_pytorch.export_check(model, inputs, targets, described, names=names)
        export_pytorch.export_torchscript(model, inputs, targets, scripted)
        export_pytorch.export_check(model, inputs, targets, scripted)
        torch.jit.save(torch.jit.trace(model.eval(), inputs), os.path.join(scripted, "traced.pt"))


class Several(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x, y):
        return self.layer(x) + y


class Optional(Several):
    def forward(self, x, flip: bool = False):
        return -self.layer(x) if flip else self.layer(x)


class Indexed(Several):
    """With a buffer of integers, which must stay integers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("order", torch.tensor([1, 0]))
        self.register_buffer("scale", torch.tensor([2.0, 3.0]))

    def forward(self, x):
        return self.layer(x)[:, self.order] * self.scale


class Pair(Several):
    def forward(self, x):
        return self.layer(x), x


class Dictionary(Several):
    def forward(self, x):
        return {"out": self.layer(x)}


class OnNumber(Several):
    def forward(self, x: int):
        return self.layer.weight * x


class NoForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    @torch.jit.export
    def predict(self, x):
        return self.layer(x)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class WithNaN(Pair):
    def __init__(self):
        super().__init__()
        with torch.no_grad():
            self.layer.weight[1, 2] = float("nan")

    def forward(self, x):
        return self.layer(x)


class FromFile(Pair):
    def forward(self, x):
        return self.layer(x) + torch.from_file("of-the-worker", True, 4).sum()


class Saves(Pair):
    def forward(self, x):
        torch.save(x, "of-the-worker")
        return self.layer(x)


def programs():
    path = folder("programs")
    for kind in (Several, Optional, Indexed, Pair, Dictionary, OnNumber, NoForward, WithNaN, FromFile, Saves):
        torch.jit.save(torch.jit.script(kind()), os.path.join(path, kind.__name__ + ".pt"))
    plain = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Tanh(), nn.Linear(4, 2))
    torch.jit.save(torch.jit.script(plain), os.path.join(path, "Training.pt"))
    torch.jit.save(torch.jit.freeze(torch.jit.script(plain.eval())), os.path.join(path, "Frozen.pt"))
    torch.save(plain.state_dict(), os.path.join(path, "state.pt"))
    torch.save(plain, os.path.join(path, "pickled.pt"))
    torch.save(plain.state_dict(), os.path.join(path, "legacy.pt"), _use_new_zipfile_serialization=False)

    tied, inputs = shaken(Tied()), torch.randn(6, 3, generator=torch.Generator().manual_seed(5))
    export_pytorch.export_torchscript(tied, inputs, CLASSES, folder("tied"))
    export_pytorch.export_check(tied, inputs, CLASSES, folder("tied"))


def refusals():
    """What the exporter says of models that it cannot write as layers, one a line."""
    shared = nn.Linear(3, 3)
    frozen = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    frozen[0].weight.requires_grad_(False)
    cases = {
        "unknown": (nn.Sequential(nn.Tanh(), nn.Sequential(nn.GRUCell(3, 3))), {}),
        "own": (Named(), {}),
        "shared": (nn.Sequential(shared, nn.Tanh(), shared), {}),
        "frozen": (frozen, {}),
        "normalised": (nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 3))), {}),
        "reversed": (Reversed(), {"sequential": ["Reversed"]}),
        "children": (nn.Sequential(Block(nn.Linear(3, 3))), {"residual": {"Block": ("body", "shortcut")}}),
    }
    with open(os.path.join(OUT, "refusals.txt"), "w", encoding="utf-8") as file:
        for name, (model, said) in cases.items():
            inputs = images(1, 8, 8) if name in ("own", "reversed") else torch.randn(6, 3)
            try:
                export_pytorch.export_layers(model, inputs, torch.zeros_like(model(inputs)), folder("refused"), **said)
                file.write("%s: written\n" % name)
            except export_pytorch.ExportError as error:
                file.write("%s: %s\n" % (name, error))


def command():
    """The command line, with a file of the user's."""
    path = folder("command")
    source = os.path.join(path, "mine.py")
    with open(source, "w", encoding="utf-8") as file:
        file.write(
            "import torch\nfrom torch import nn\n\n\ndef make():\n"
            "    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), torch.randn(6, 3), torch.zeros(6, 2)\n")
    if export_pytorch.main([source + ":make", "--out", path, "--check", "--loss", "mse"]) != 0:
        sys.exit("the command failed")


warnings.simplefilter("ignore")
torch.set_num_threads(1)
models()
programs()
refusals()
command()
exporter_cases.write(folder("exporter"))
