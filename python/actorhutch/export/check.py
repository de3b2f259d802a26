"""What PyTorch finds for the loss and one v'Hv."""
import contextlib
import functools
import json
import os
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import nn

from .errors import ExportError, described
from .files import CHECK, CHECK_PROBE, Path, write_safetensors
from .given import Given


def export_check(model: nn.Module, inputs: Any, targets: Any, directory: Path, loss: Any = None, names: Optional[Dict[str, str]] = None,
                 output: Optional[str] = None, ignore_index: Optional[int] = None, class_dimension: Any = None) -> Dict[str, Any]:
    """Writes check.safetensors, a probe of +1 and -1, and check.json; returns what is in that.

    The loss and v'Hv of the full Hessian of the loss, in float64 by double backward, and each parameter's part of
    v'Hv, which is v_l'(Hv)_l. names: the file's names of parameters by PyTorch's.
    """
    return write_check(Given(model, inputs, targets, loss, output, ignore_index, class_dimension), directory, names)


def write_check(given: Given, directory: Path, names: Optional[Dict[str, str]] = None) -> Dict[str, Any]:
    """The same for what is checked already. Raises ExportError, and leaves no check of before, where there is none."""
    os.makedirs(directory, exist_ok=True)
    for name in (CHECK, CHECK_PROBE):
        with contextlib.suppress(FileNotFoundError):
            os.remove(os.path.join(directory, name))
    if not given.trainable():
        raise ExportError("The model has no trainable parameter, so there is no Hessian to check.")
    model = given.model(torch.float64)
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    generator = torch.Generator().manual_seed(0)
    probe = {name: torch.randint(0, 2, p.shape, generator=generator, device="cpu").double().mul(2).sub(1) for name, p in parameters.items()}
    value, parts = _curvature(given, model, parameters, probe)
    named = {name: (names or {}).get(name, name) for name in parameters}
    report = {
        "loss": value, "quadratic_form": sum(parts.values()), "loss_function": given.loss.name, "reduction": given.loss.reduction,
        "loss_arguments": given.loss.texts(),
        "matrix": "hessian", "structure": "full", "dtype": "float64", "probe": CHECK_PROBE, "torch": torch.__version__,
        "loss_reason": given.loss_reason, "blocks": {named[name]: part for name, part in parts.items()},
    }
    if given.loss.name == "cross-entropy":
        report["ignore_index"] = given.loss.argument("ignore-index")
    write_safetensors(os.path.join(directory, CHECK_PROBE), {named[name]: v for name, v in probe.items()})
    with open(os.path.join(directory, CHECK), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2, allow_nan=False)
        file.write("\n")
    return report


def _curvature(given, model, parameters, probe):
    """The loss, and v_l'(Hv)_l by parameter."""
    inputs = given.inputs(torch.float64)
    with _attention_that_can_be_differentiated(), torch.enable_grad():
        try:
            output = given.run(model, inputs)
        except ExportError as error:
            raise ExportError(
                "In float64, in which check.json is computed: %s\nLet forward follow its input's type, as x.new_zeros and "
                "dtype=x.dtype do. check.json is not written." % error) from error
        loss = given.loss_of(output)
        try:
            gradients = torch.autograd.grad(loss, list(parameters.values()), create_graph=True, allow_unused=True)
            slopes = [(g * v).sum() for g, v in zip(gradients, probe.values()) if g is not None and g.requires_grad]
            products = (torch.autograd.grad(sum(slopes), list(parameters.values()), allow_unused=True)
                        if slopes else [None] * len(parameters))
        except Exception as error:  # of the user's own functions too
            raise ExportError(
                "%s has no second derivative in PyTorch %s, so that no v'Hv can be checked: %s\ncheck.json is not written; model "
                "and data are. Use other operations in that layer, or another version of PyTorch. actorhutch computes "
                "with a libtorch of its own, and says whether that one can." % (
                    _culprit(given), torch.__version__, described(error))) from error
    parts = {name: 0.0 if product is None else float((product * v).sum())
             for (name, v), product in zip(probe.items(), products)}
    if not all(map(_is_finite, parts.values())):
        first = next(name for name, part in parts.items() if not _is_finite(part))
        raise ExportError(
            "v'Hv of %s is %s: an activation may have no finite second derivative there. check.json is not written." % (
                first, parts[first]))
    return float(loss), parts


def _is_finite(number):
    return number - number == 0


@contextlib.contextmanager
def _attention_that_can_be_differentiated():
    """Without the fused forms of attention, which have no second derivative; PyTorch 1.13 has none of them."""
    cuda = torch.backends.cuda
    kernels = [name for name in ("flash", "mem_efficient", "cudnn") if hasattr(cuda, "enable_%s_sdp" % name)]
    enabled = {name: getattr(cuda, ("%s_sdp_enabled" % name))() for name in kernels}
    for name in kernels:
        getattr(cuda, "enable_%s_sdp" % name)(False)
    try:
        yield
    finally:
        for name in kernels:
            getattr(cuda, "enable_%s_sdp" % name)(enabled[name])


def _culprit(given):
    """The innermost module that cannot be differentiated twice by itself."""
    model = given.model(torch.float64)
    calls: List[Tuple[str, nn.Module, Any, Any]] = []
    forwards = [(part, part.forward) for part in model.modules()]
    for path, part in model.named_modules():
        part.forward = _recorded(calls, path, part, part.forward)
    given.run(model, given.inputs(torch.float64))
    for part, forward in forwards:
        part.forward = forward
    for path, part, arguments, keywords in sorted(calls, key=lambda call: call[0].count(".") + bool(call[0]), reverse=True):
        leaves = [value.requires_grad_() for value in (*arguments, *keywords.values(), *part.parameters()) if _can_vary(value)]
        try:
            with torch.enable_grad():
                value = _square(part(*map(_clone, arguments), **{key: _clone(value) for key, value in keywords.items()}))
        except Exception:  # it needs what is around it
            continue
        try:
            first = torch.autograd.grad(value, leaves, create_graph=True, allow_unused=True)
            second = _square([g for g in first if g is not None])
            if second.requires_grad:
                torch.autograd.grad(second, leaves, allow_unused=True)
        except Exception:  # the one that is looked for
            return "Module %s (%s)" % (path, type(part).__name__) if path else "The model itself (%s)" % type(part).__name__
    return "The loss %s of this model" % given.loss


def _recorded(calls, path, part, forward):
    @functools.wraps(forward)
    def recording(*arguments, **keywords):
        calls.append((path, part, [_detached(value) for value in arguments],
                      {key: _detached(value) for key, value in keywords.items()}))
        return forward(*arguments, **keywords)
    return recording


def _detached(value):
    return value.detach().clone() if isinstance(value, torch.Tensor) else value


def _clone(value):
    return value.clone() if isinstance(value, torch.Tensor) else value


def _can_vary(value):
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.is_leaf


def _square(values):
    """The sum of squares of all real numbers in it."""
    if isinstance(values, torch.Tensor):
        return values.pow(2).sum() if values.is_floating_point() else torch.zeros(())
    if isinstance(values, dict):
        values = list(values.values())
    return sum(map(_square, values), torch.zeros(())) if isinstance(values, (list, tuple)) else torch.zeros(())
