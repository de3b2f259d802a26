"""Writes small models with every loss, and PyTorch's value and traces for each in float64.

    loss_cases.py TOOLS_FOLDER OUTPUT_FOLDER
"""
import json
import os
import sys
import warnings

import torch
from torch import nn
from torch.nn.utils.stateless import functional_call

sys.path.insert(0, sys.argv[1])
import export_pytorch  # noqa: E402

N = 7


def normal(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def classes(seed, below, *shape):
    """Classes of which some do not count, all of sample 2's among them."""
    found = torch.randint(0, below, shape, generator=torch.Generator().manual_seed(seed))
    found.view(-1)[::5] = IGNORED
    found[2] = IGNORED
    return found


IGNORED = -100
WEIGHTS = torch.tensor([0.5, 1.5, 0.2], dtype=torch.float64)


def scores():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3)), normal(1, N, 2)


def tokens():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 3)), normal(2, N, 4, 2)


def pixels():
    return nn.Sequential(nn.Conv2d(1, 2, 2), nn.Tanh(), nn.Conv2d(2, 3, 1)), normal(3, N, 1, 3, 4)


def logarithms():
    return nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(-1)), normal(4, N, 2)


def logarithms_of_tokens():
    return nn.Sequential(nn.Linear(2, 3), nn.LogSoftmax(-1)), normal(5, N, 4, 2)


def probabilities():
    return nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), normal(6, N, 2)


CE, BCE, KL = nn.CrossEntropyLoss, nn.BCEWithLogitsLoss, nn.KLDivLoss
ALL = {"weight": WEIGHTS, "label_smoothing": 0.2}
REAL, SHARES, ROWS = normal(10, N, 3), normal(11, N, 3).sigmoid(), normal(12, N, 3).softmax(1)
ROWS_OF_TOKENS = normal(13, N, 4, 3).softmax(-1)

# Model and inputs, targets, PyTorch's loss, and the dimension of the classes where it is not 1.
CASES = {
    "cross-entropy": (scores, classes(20, 3, N), CE(), 1),
    "cross-entropy, all": (scores, classes(21, 3, N), CE(**ALL), 1),
    "cross-entropy, all, sum": (scores, classes(22, 3, N), CE(**ALL, reduction="sum"), 1),
    "cross-entropy, pixels": (pixels, classes(23, 3, N, 2, 3), CE(**ALL), 1),
    "cross-entropy, tokens": (tokens, classes(24, 3, N, 4), CE(**ALL), -1),
    "cross-entropy, tokens, batch-mean": (tokens, classes(25, 3, N, 4), CE(**ALL, reduction="sum"), -1),
    "cross-entropy, rows": (scores, ROWS, CE(**ALL), 1),
    "cross-entropy, rows of tokens": (tokens, ROWS_OF_TOKENS, CE(**ALL), 2),
    "nll": (logarithms, classes(26, 3, N), nn.NLLLoss(), 1),
    "nll, tokens": (logarithms_of_tokens, classes(27, 3, N, 4), nn.NLLLoss(WEIGHTS), -1),
    "mse, batch-mean": (scores, REAL, nn.MSELoss(reduction="sum"), 1),
    "l1": (scores, REAL, nn.L1Loss(), 1),
    "smooth-l1": (scores, REAL, nn.SmoothL1Loss(beta=0.7), 1),
    "huber": (scores, REAL, nn.HuberLoss(delta=1.3, reduction="sum"), 1),
    "bce": (scores, SHARES, BCE(), 1),
    "bce, a weight": (scores, SHARES, BCE(pos_weight=torch.tensor(2.5, dtype=torch.float64)), 1),
    "bce, weights": (scores, SHARES, BCE(pos_weight=WEIGHTS), 1),
    "bce, tokens": (tokens, ROWS_OF_TOKENS, BCE(pos_weight=WEIGHTS), 1),
    "bce, pixels": (pixels, normal(14, N, 3, 2, 3).sigmoid(), BCE(pos_weight=WEIGHTS.view(3, 1, 1)), 1),
    "bce-of-probabilities": (probabilities, SHARES, nn.BCELoss(), 1),
    "kl-div": (logarithms, ROWS, KL(), 1),
    "kl-div, batch-mean": (logarithms, ROWS, KL(reduction="batchmean"), 1),
    "kl-div, logarithms": (logarithms_of_tokens, ROWS_OF_TOKENS.log(), KL(reduction="sum", log_target=True), 1),
}


def expected(model, inputs, loss):
    """The loss, and the traces of its Hessian and its GGN, each matrix as a whole."""
    names, shapes = zip(*[(name, p.shape) for name, p in model.named_parameters()])
    point = torch.cat([p.detach().flatten() for p in model.parameters()])

    def output(flat):
        parts = flat.split([shape.numel() for shape in shapes])
        return functional_call(model, {name: part.view(shape) for name, part, shape in zip(names, parts, shapes)}, inputs)

    z = output(point)
    hessian = torch.autograd.functional.hessian(lambda flat: loss(output(flat)), point)
    jacobian = torch.autograd.functional.jacobian(output, point).reshape(-1, len(point))
    curvature = torch.autograd.functional.hessian(lambda row: loss(row.view(z.shape)), z.flatten())
    return {"loss": float(loss(z)), "hessian": float(hessian.trace()), "ggn": float((jacobian.t() @ curvature @ jacobian).trace())}


def main():
    for index, (name, (make, targets, module, dimension)) in enumerate(CASES.items()):
        model, inputs = make()
        with torch.no_grad():
            for place, parameter in enumerate(model.double().parameters()):
                parameter.copy_(0.7 * normal(100 + 10 * index + place, *parameter.shape))
        mean = name.endswith("batch-mean") and not isinstance(module, nn.KLDivLoss)
        of_classes = isinstance(module, (nn.CrossEntropyLoss, nn.NLLLoss))

        def loss(output):
            moved = output.movedim(dimension, 1) if of_classes else output
            wanted = targets.movedim(dimension, 1) if of_classes and targets.is_floating_point() else targets
            return module(moved, wanted) / (N if mean else 1)

        path = os.path.join(sys.argv[2], name)
        given = export_pytorch.Loss.of(module, "batch-mean" if mean else None, class_dimension=None if dimension == 1 else dimension)
        export_pytorch.export(model, inputs, targets, path, loss=given)
        export_pytorch.export_check(model, inputs, targets, path, loss=given)
        with open(os.path.join(path, "expected.json"), "w", encoding="utf-8") as file:
            json.dump(expected(model, inputs, loss), file)


warnings.simplefilter("ignore")
torch.set_num_threads(1)
main()
