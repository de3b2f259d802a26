"""What the functions return."""
from __future__ import annotations

import os
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

import torch

from .export.files import read_safetensors

Rename = Callable[[str], str]


class Interval(NamedTuple):
    """A confidence interval: how often it is to hold the value, and its ends."""

    level: float
    low: float
    high: float


class Block(NamedTuple):
    """The part of one parameter: the trace of its diagonal block, and its standard error."""

    trace: float
    standard_error: Optional[float]
    exact_trace: Optional[float]
    rounding_bound: Optional[float]
    parameters: Optional[int] = None

    @property
    def average(self) -> Optional[float]:
        """The trace a parameter: how sensitive the loss is to noise in them, such as that of quantisation (HAWQ-V2)."""
        return self.trace / self.parameters if self.parameters else None


class SeriesRow(NamedTuple):
    """A checkpoint of a training: its step, and its trace as in Trace. ``trace`` is None, and ``blocks`` is empty, where its job failed.

    ``change`` is the trace minus that of the row before that has one, with a standard error from the differences probe by probe; both are None
    for the first, and the latter where the two have less than eight probes in common. ``error`` says why the job failed; None where it did not.
    """

    step: Optional[int]
    trace: Optional[float]
    standard_error: Optional[float]
    confidence: Optional[Interval]
    blocks: Dict[str, Block]
    probes: int
    change: Optional[float]
    change_standard_error: Optional[float]
    error: Optional[str]


class Estimate(NamedTuple):
    """A value and its standard error, None where that is not known."""

    value: float
    standard_error: Optional[float]


class Eigenvalue(NamedTuple):
    """An eigenvalue, and ||Hx - (x'Hx) x|| of its vector x of length 1: a true one is as near."""

    value: float
    residual: float


class Result:
    """What every result has.

    Attributes:
        report: the program's whole JSON, which docs/report.schema.json describes, as a dict.
        out: the folder of the written report, where one was asked for by ``out=``; else None.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        self.report, self.out = report, out

    @property
    def interrupted(self) -> bool:
        """Whether the job was stopped before it was done."""
        return bool(self.report.get("interrupted", False))

    @property
    def seconds(self) -> float:
        """How long the program computed, in seconds, without its start."""
        return float(self.report["elapsedSeconds"])

    @property
    def total_seconds(self) -> float:
        """How long the program ran until it had the result, in seconds: its start, the workers' set-up and jobs beside this one too."""
        return float(self.report["run"]["totalSeconds"])

    def is_whole(self, code: int) -> bool:
        """Whether it is what was asked for, where the program has ended with an exit code."""
        return code == 0

    @property
    def short(self) -> str:
        """What was found, in a line."""
        return str(self)

    def __repr__(self) -> str:
        return "<%s: %s>" % (type(self).__name__, self.short)


class Trace(Result):
    """A trace.

    Attributes:
        trace: the estimate, or the exact trace; None where nothing was computed before an interruption.
        standard_error: its standard error; 0 for an exact trace, None where it is not known.
        confidence: an Interval, as ``confidence.low``; None for an exact trace.
        exact_trace: the exact trace, where it was computed too, or None.
        blocks: a Block for each parameter, by its name in the model, in the model's order.
        probes: how many probes, or basis vectors, it rests on.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        self.trace: float = _real(report["trace"])
        self.standard_error: Optional[float] = _real(report["standardError"])
        self.confidence = _interval(report["confidence"])
        self.exact_trace: Optional[float] = _real(report["exactTrace"])
        self.probes: int = report["probes"]
        self.blocks = _blocks(report["blocks"], rename)

    def __float__(self) -> float:
        return float(self.trace)

    def __str__(self) -> str:
        if self.trace is None:
            return "nothing computed"
        if self.confidence is None or self.standard_error is None:
            return "%.6g" % self.trace
        return "%.6g ± %.2g (%g %%: %.6g to %.6g)" % (
            self.trace, self.standard_error, 100 * self.confidence.level, self.confidence.low, self.confidence.high)


class Spectrum(Trace):
    """The density of the eigenvalues, and what follows from it. Numbers that an Estimate holds have a standard error.

    Attributes:
        density: a list of dicts with ``eigenvalue``, ``density`` (the share of eigenvalues per unit), ``below`` (the share at or below),
            ``low`` and ``high`` (its interval), in the eigenvalues' order.
        least, greatest: the eigenvalues' range is at least this wide.
        squared_norm: the sum of the eigenvalues' squares, an Estimate.
        stable_rank: that over the square of the largest in size, an Estimate.
        negative_share: the share of eigenvalues below zero, an Estimate.
        damped: for some dampings λ, a dict with ``damping``, ``effectiveDimension`` and ``logDeterminant``, as in the JSON.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        found = report["spectrum"] or {}
        self.density: List[Dict[str, Any]] = found.get("curve", [])
        self.least: Optional[float] = found.get("least")
        self.greatest: Optional[float] = found.get("greatest")
        self.squared_norm = _estimate(found.get("squaredNorm"))
        self.stable_rank = _estimate(found.get("stableRank"))
        self.negative_share = _estimate(found.get("negativeShare"))
        self.damped: List[Dict[str, Any]] = found.get("damped", [])


class Eigenvalues(Result):
    """Eigenvalues.

    Attributes:
        values: a list of Eigenvalue, the largest first.
        residuals: their residuals, a list.
        vectors: with ``vectors=True``, by parameter the vectors' parts: tensors of shape ``[k, *parameter.shape]`` in float64; else None.
        converged: whether no residual is larger than the tolerance.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        found = report["eigenvalues"] or {"values": [], "converged": False}
        self.pairs = [Eigenvalue(_real(pair["value"]), _real(pair["residual"])) for pair in found["values"]]
        self.values: List[float] = [pair.value for pair in self.pairs]
        self.residuals: List[float] = [pair.residual for pair in self.pairs]
        self.converged: bool = found["converged"]
        self.vectors = _tensors(folder, "eigenvectors.safetensors", rename)

    def __str__(self) -> str:
        return ", ".join("%.6g" % value for value in self.values) or "none"


class Diagonal(Trace):
    """The diagonal, entry by entry.

    Attributes:
        diagonal: the entries by parameter, tensors of the parameters' shapes in float64.
        standard_errors: theirs likewise; None where the entries are exact.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        self.diagonal: Dict[str, torch.Tensor] = _tensors(folder, "diagonal.safetensors", rename) or {}
        self.standard_errors = _tensors(folder, "standard-errors.safetensors", rename)


class Series(Result):
    """The trace along training: a SeriesRow for each checkpoint, in the order of the steps. It has a length, and is iterated and indexed as ``rows``
    are; ``print(series)`` writes a table.

    Attributes:
        rows: the checkpoints; after an interruption, those that were done.
        planned: how many checkpoints there are.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        self.planned: int = report["planned"]
        self.rows: List[SeriesRow] = []
        for row in report["rows"]:
            change = row["change"] or {"value": None, "standardError": None}
            self.rows.append(SeriesRow(
                row["step"], _real(row["trace"]), _real(row["standardError"]), _interval(row["confidence"]), _blocks(row["blocks"], rename),
                row["probes"], _real(change["value"]), _real(change["standardError"]), row["error"]))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[SeriesRow]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> SeriesRow:
        return self.rows[place]

    def is_whole(self, code: int) -> bool:
        """One checkpoint whose job failed, as where the model has diverged, says nothing of the others."""
        failed = sum(row.error is not None for row in self.rows)
        return code == 0 or code == 3 and 0 < failed < len(self.rows)

    def __str__(self) -> str:
        lines = [["step", "trace", "± error", "change", "± error"]]
        for row in self.rows:
            shown = "failed" if row.trace is None else "%.6g" % row.trace
            error = "exact" if row.trace is not None and row.confidence is None else _shown(row.standard_error, "%.2g")
            lines.append([_shown(row.step, "%d"), shown, error, _shown(row.change, "%.6g"), _shown(row.change_standard_error or None, "%.2g")])
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)

    @property
    def short(self) -> str:
        """How far it came."""
        return "%d of %d checkpoints" % (len(self), self.planned)


class Check(Result):
    """Whether PyTorch and the program find the same loss and v'Hv. It is true or false as they do.

    Attributes:
        agrees: whether all differences are within the tolerance.
        difference: the largest relative difference; None for infinity.
        loss, quadratic_form: dicts with ``value``, ``expected`` (PyTorch's) and ``difference``.
    """

    def __init__(self, report: Dict[str, Any], rename: Rename, folder: Optional[str] = None, out: Optional[str] = None) -> None:
        super().__init__(report, rename, folder, out)
        self.agrees: bool = report["agree"]
        self.difference: Optional[float] = report["difference"]
        self.loss: Dict[str, Any] = report["loss"]
        self.quadratic_form: Dict[str, Any] = report["quadraticForm"]

    def __bool__(self) -> bool:
        return self.agrees

    def is_whole(self, code: int) -> bool:
        """A check that finds a difference has done what it was asked to."""
        return code in (0, 3)

    def __str__(self) -> str:
        return "%s, difference %s" % ("they agree" if self.agrees else "they differ", self.difference)


def _real(number: Any) -> Any:
    """A whole number in JSON is a real one here; None stays."""
    return None if number is None else float(number)


def _interval(found: Optional[Dict[str, Any]]) -> Optional[Interval]:
    return Interval(*(_real(found[key]) for key in ("level", "low", "high"))) if found else None


def _blocks(found: List[Dict[str, Any]], rename: Rename) -> Dict[str, Block]:
    return {rename(block["name"]): Block(
        _real(block["trace"]), _real(block["standardError"]), _real(block["exactTrace"]), _real(block["roundingBound"]), block["parameters"])
        for block in found}


def _shown(value: Optional[float], form: str) -> str:
    return "" if value is None else form % value


def _estimate(found: Optional[Dict[str, Any]]) -> Optional[Estimate]:
    return Estimate(_real(found["value"]), _real(found["standardError"])) if found else None


def _tensors(folder: Optional[str], name: str, rename: Rename) -> Optional[Dict[str, torch.Tensor]]:
    path = os.path.join(folder, name) if folder else ""
    return {rename(key): value for key, value in read_safetensors(path).items()} if os.path.isfile(path) else None
