"""What the tests share: small models, exact traces by PyTorch, and programs that are not what they should be."""
import contextlib
import io
import os
import signal
import stat
import subprocess
import sys
import tempfile

import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGE = os.path.dirname(HERE)
if PACKAGE not in sys.path:
    sys.path.insert(0, PACKAGE)


def classifier(seed=0):
    """A small network, and a batch: 59 parameters, 24 samples, 3 classes."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)), (torch.randn(24, 4), torch.randint(0, 3, (24,)))


def hessian(model, loss_of):
    """The Hessian of a loss in float64, by double backward, and the parameters' names and sizes in its order."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    values = [p for _, p in named]
    gradients = torch.autograd.grad(loss_of(model), values, create_graph=True, allow_unused=True)
    flat = torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in zip(gradients, values)])
    rows = []
    for entry in flat:
        found = torch.autograd.grad(entry, values, retain_graph=True, allow_unused=True) if entry.requires_grad else [None] * len(values)
        rows.append(torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for g, p in zip(found, values)]))
    return torch.stack(rows), [(name, p.shape) for name, p in named]


def blocks(matrix, named):
    """The trace of each parameter's diagonal block."""
    traces, at = {}, 0
    for name, shape in named:
        traces[name] = float(matrix.diagonal()[at:at + shape.numel()].sum())
        at += shape.numel()
    return traces


@contextlib.contextmanager
def silent():
    """Keeps what is written to standard error, and gives it."""
    kept = io.StringIO()
    with contextlib.redirect_stderr(kept):
        yield kept


@contextlib.contextmanager
def environment(**changes):
    """Other environment variables for a while; None for none."""
    before = {name: os.environ.get(name) for name in changes}
    try:
        for name, value in changes.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def interrupted(test, script, sign, times=1):
    """What a script writes that is sent SIGINT once a sign has come on its standard error as often."""
    # What a shell runs in the background is told to ignore SIGINT, and so would be all that these tests start.
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                               env=dict(os.environ, PYTHONPATH=os.pathsep.join([PACKAGE, HERE])))
    lines = []
    for line in process.stderr:
        lines.append(line)
        times -= sign in line
        if times == 0:
            break
    else:
        test.fail("It ended before: %s" % "".join(lines))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    test.assertEqual(0, process.returncode, err)
    return out


@contextlib.contextmanager
def program(job):
    """A program that tells version and options as the real one does, and then does something else: lines of a shell's script."""
    real = os.environ["ACTORHUTCH"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "actorhutch")
        with open(path, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\ncase "$*" in --version|*--help) exec "%s" "$@";; esac\n%s\n' % (real, job))
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        with environment(ACTORHUTCH=path):
            yield path
