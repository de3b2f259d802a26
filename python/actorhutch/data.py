"""Data as users have them, as one batch of inputs and targets."""
from __future__ import annotations

import collections.abc
import inspect
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from .errors import InputError

_TARGETS = ("targets", "target", "labels", "label", "y")
_BATCH = 256


def batch_of(data: Any, forward: Callable[..., Any], targets: Optional[str] = None, loss_takes_name: bool = False) -> Tuple[Any, Any]:
    """One batch, ``(inputs, targets)``, as the exporter takes it.

    data: a pair ``(inputs, targets)`` of tensors, whose inputs may be a tuple or a dict of several; a batch as a dict by
    names; a Dataset; or a DataLoader or another iterable of such batches, which are joined in the order in which they come.
    targets: which name of a dict the targets have. loss_takes_name: the model computes its loss, and takes them by that name.
    """
    if data is None:
        raise InputError("There are no data: give (inputs, targets), a DataLoader, or a Dataset.")
    if _is_pair(data) or isinstance(data, collections.abc.Mapping):
        batches = [data]
    else:
        if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
            data = DataLoader(data, batch_size=_BATCH)
        try:
            batches = list(data)
        except TypeError as error:
            raise InputError("The data must be (inputs, targets), a DataLoader, or a Dataset, and are a %s: %s" % (
                type(data).__name__, error)) from error
    if not batches:
        raise InputError("The data are empty.")
    pairs = [_pair(batch, forward, targets, loss_takes_name) for batch in batches]
    return _joined([pair[0] for pair in pairs], "inputs"), _joined([pair[1] for pair in pairs], "targets")


def _is_pair(data: Any) -> bool:
    """Whether it is inputs and targets, and no list of two batches."""
    return isinstance(data, (tuple, list)) and len(data) == 2 and (
        isinstance(data[1], torch.Tensor) or isinstance(data[1], collections.abc.Mapping) and isinstance(data, tuple) and len(data[1]) == 1)


def _pair(batch: Any, forward: Callable[..., Any], targets: Optional[str], loss_takes_name: bool) -> Tuple[Any, Any]:
    if isinstance(batch, collections.abc.Mapping):
        return _of_names(dict(batch), forward, targets, loss_takes_name)
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise InputError("A batch must be (inputs, targets), or a dict; it is a %s%s." % (
            type(batch).__name__, " of %d" % len(batch) if isinstance(batch, (tuple, list)) else ""))
    # Several inputs and the targets behind them, as TensorDataset(x1, x2, y) gives them.
    inputs = batch[0] if len(batch) == 2 else tuple(batch[:-1])
    return tuple(inputs) if isinstance(inputs, list) else inputs, batch[-1]


def _of_names(batch: Dict[Any, Any], forward: Callable[..., Any], targets: Optional[str], loss_takes_name: bool) -> Tuple[Any, Any]:
    parameters = inspect.signature(forward).parameters.values()
    takes = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if targets is None:
        others = [name for name in batch if name not in takes]
        named = [name for name in _TARGETS if name in batch]
        found = named if len(named) == 1 else others
        if len(found) != 1:
            raise InputError("Which of %s are the targets? Say it with targets=NAME." % ", ".join(map(str, batch)))
        targets, = found
    if targets not in batch:
        raise InputError("targets=%s: a batch has %s." % (targets, ", ".join(map(str, batch))))
    inputs = {name: value for name, value in batch.items() if name != targets}
    told: Any = {targets: batch[targets]} if loss_takes_name else batch[targets]
    if len(inputs) == 1 and not set(inputs) <= takes:
        return next(iter(inputs.values())), told
    strange = [str(name) for name in inputs if name not in takes]
    if strange and not open_ended:
        raise InputError("The batches have %s, which forward does not take: it takes %s. Leave it out of the batches." % (
            ", ".join(strange), ", ".join(sorted(takes))))
    return inputs, told


def _joined(parts: Sequence[Any], what: str) -> Any:
    first = parts[0]
    if isinstance(first, collections.abc.Mapping):
        return {name: _joined([_part(part, name, what) for part in parts], name) for name in first}
    if isinstance(first, tuple):
        return tuple(_joined([_part(part, place, what) for part in parts], "%s[%d]" % (what, place)) for place in range(len(first)))
    if len(parts) == 1 or not isinstance(first, torch.Tensor):
        return first  # the exporter says what is wrong with what is no tensor
    shapes: List[Any] = sorted({tuple(part.shape[1:]) for part in parts})
    if len(shapes) > 1:
        raise InputError("%s have samples of several shapes, %s: pad them to one." % (what, " and ".join(str(list(s)) for s in shapes[:4])))
    return torch.cat([part.detach().cpu() for part in parts])


def _part(whole: Any, key: Any, what: str) -> Any:
    try:
        return whole[key]
    except (KeyError, IndexError, TypeError) as error:
        raise InputError("The batches are not alike: %s of one of them have no %s." % (what, key)) from error
