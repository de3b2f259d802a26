"""ActorHutch from Python: traces, spectra, eigenvalues and diagonals of a PyTorch model's Hessian or Gauss-Newton matrix.

The model is exported, and the program actorhutch computes; docs/python.md tells how to get it.

>>> import torch, actorhutch
>>> model = torch.nn.Linear(3, 2)
>>> result = actorhutch.trace(model, torch.nn.CrossEntropyLoss(), (torch.randn(32, 3), torch.randint(2, (32,))), relative_error=0.01, quiet=True)
>>> result.trace > 0
True
"""
from .commands import check, diagonal, eigenvalues, exact, hutchpp, spectrum, subsample, trace, xtrace
from .errors import Error, InputError, Interrupted, JobError, ProgramError
from .export import ExportError, Loss
from .model import Model
from .results import Block, Check, Diagonal, Eigenvalue, Eigenvalues, Estimate, Interval, Result, Series, SeriesRow, Spectrum, Trace
from .tracker import Tracker
from .version import __version__

__all__ = [
    "check", "diagonal", "eigenvalues", "exact", "hutchpp", "spectrum", "subsample", "trace", "xtrace", "Block", "Check", "Diagonal",
    "Eigenvalue", "Eigenvalues", "Error", "Estimate", "ExportError", "InputError", "Interrupted", "Interval", "JobError", "Loss",
    "Model", "ProgramError", "Result", "Series", "SeriesRow", "Spectrum", "Trace", "Tracker", "__version__"]
