"""The layers that a description can name, with values for each of their arguments and shapes for their inputs.

To add a layer, add an entry: PyTorch's constructor arguments by name, each with its values, and "input" with the
shapes that go in. A word in a shape stands for the argument of that name. Write values that differ between axes,
that are not the default, and that meet each other badly: which combinations are allowed is asked of PyTorch. Where
three arguments act together, a further table of the same layer in FURTHER holds one of them fast.
"""


class Bad:
    """A value that PyTorch refuses, whatever the others are: one case, and we must refuse it too."""

    def __init__(self, value):
        self.value = value


class Unserved:
    """A value that PyTorch takes and we do not: one case, which we must refuse."""

    def __init__(self, value):
        self.value = value


class _Default:
    """The argument is not given."""


DEFAULT = _Default()
FLAG = [DEFAULT, True, False]
INPLACE = {"inplace": FLAG}
ANY_RANK = [(3, 4), (1, 5), (2, 3, 4), (2, 2, 3, 2), (1, 2, 1, 2, 3), (2,)]


# What PyTorch 1.13 refuses and later versions do not: such cases are not compared.
LATER = ["Invalid padding size, expected"]  # circular padding without a batch dimension


def convolution(kernel, other, padding, inputs):
    """kernel, other: sizes of kernels, and of strides and dilations; those that differ between axes among them."""
    return {
        "in_channels": [2, Bad(3)],
        "out_channels": [2, 4, Bad(0)],
        "kernel_size": kernel + [Bad(0), Bad(40)],
        "stride": [DEFAULT] + other + [Bad(0)],
        "padding": [DEFAULT] + padding + ["valid", "same", Bad("full"), Bad(-1)],
        "dilation": [DEFAULT] + other + [Bad(0)],
        "groups": [DEFAULT, 2, Bad(0), Bad(3)],
        "bias": FLAG,
        "padding_mode": [DEFAULT, "zeros", "reflect", "replicate", "circular", Bad("mirror")],
        "input": inputs,
    }


def max_pool(kernel, other, padding, inputs):
    return {
        "kernel_size": kernel + [Bad(0), Bad(40)],
        "stride": [DEFAULT, None] + other,
        "padding": [DEFAULT] + padding + [Bad(4), Bad(-1)],
        "dilation": [DEFAULT] + other + [Bad(0)],
        "return_indices": [DEFAULT, False, Bad(True)],
        "ceil_mode": FLAG,
        "input": inputs,
    }


def average_pool(kernel, other, padding, inputs, **more):
    return {
        "kernel_size": kernel + [Bad(0), Bad(40)],
        "stride": [DEFAULT, None] + other,
        "padding": [DEFAULT] + padding + [Bad(4), Bad(-1)],
        "ceil_mode": FLAG,
        "count_include_pad": FLAG,
        **more,
        "input": inputs,
    }


def batch_norm(*inputs):
    return {
        "num_features": [3, Bad(2)],
        "eps": [DEFAULT, 0.3, 0],
        "momentum": [DEFAULT, None, 0.9],
        "affine": FLAG,
        "track_running_stats": FLAG,
        "input": list(inputs),
    }


def dropout(*inputs):
    return {"p": [DEFAULT, 0, 0.3, 1, Bad(1.5), Bad(-0.5)], **INPLACE, "input": list(inputs)}


def elementwise(**arguments):
    return {**arguments, "input": ANY_RANK}


def layer(kind, **arguments):
    return {"type": kind, **arguments}


def padded_to_same(kernel, dilation, inputs):
    return {
        "in_channels": [2], "out_channels": [2], "kernel_size": kernel, "padding": ["same"], "dilation": dilation,
        "padding_mode": ["zeros", "reflect", "replicate", "circular"], "input": inputs,
    }


CONV = layer("Conv2d", in_channels=2, out_channels=2, kernel_size=3, padding=1)

TABLE = {
    "Linear": {
        "in_features": [2, 1],
        "out_features": [2, 1, Bad(0)],
        "bias": FLAG,
        "input": [(4, "in_features"), (1, "in_features"), (2, 3, "in_features"), (2, 2, 2, "in_features"), ("in_features",),
                  Bad((4, 7))],
    },
    "Conv1d": convolution(
        [1, 2, 3, [3]], [2, [3]], [1, [2]],
        [(3, 2, 8), (1, 2, 7), (2, 8), Bad((3, 3, 8)), Bad((8,)), Bad((1, 3, 2, 8))]),
    "Conv2d": convolution(
        [2, 3, [3, 1], [2, 3]], [2, [1, 2], [2, 1]], [1, [0, 1], [2, 0]],
        [(3, 2, 6, 5), (1, 2, 5, 7), (2, 6, 6), Bad((3, 3, 6, 5)), Bad((6, 5)), Bad((1, 3, 2, 6, 5))]),
    "Embedding": {
        "num_embeddings": [5, 7],
        "embedding_dim": [3, 1],
        "padding_idx": [DEFAULT, None, 0, 2, -1, -5, Bad(5), Bad(-6)],
        "max_norm": [DEFAULT, None, Unserved(1.0)],
        "norm_type": [DEFAULT, 1.0],
        "scale_grad_by_freq": [DEFAULT, False, Unserved(True)],
        "sparse": FLAG,
        "input": [(4,), (1,), (3, 4), (2, 2, 2)],
        "dtype": ["int64", "int32", Bad("uint8"), Bad("float64")],
    },
    "BatchNorm1d": batch_norm((4, 3), (1, 3), (4, 3, 2), (1, 3, 2), Bad((3,)), Bad((2, 3, 2, 2)), Bad((4, 2))),
    "BatchNorm2d": batch_norm((4, 3, 2, 2), (1, 3, 2, 3), Bad((4, 3)), Bad((3, 2, 2)), Bad((4, 2, 2, 2)), Bad((2, 3, 2, 2, 2))),
    "LayerNorm": {
        "normalized_shape": [4, [4], [3, 4], [2, 3, 4], Bad(3)],
        "eps": [DEFAULT, 0.2, 0],
        "elementwise_affine": FLAG,
        "bias": FLAG,
        "input": [(5, 4), (2, 3, 4), (1, 3, 4), (3, 2, 3, 4), (3, 4), (4,), Bad((3, 5))],
    },
    "Flatten": {
        "start_dim": [DEFAULT, 0, 1, 2, -1, -2, -3],
        "end_dim": [DEFAULT, -1, -2, 1, 2, 0],
        "input": [(2, 3, 2, 2), (3, 2, 4), (4, 3), (1, 2, 3), (1, 4), (2,)],
    },
    "Identity": elementwise(),
    "Dropout": dropout(*ANY_RANK),
    "Dropout1d": dropout((3, 4), (2, 3, 4), (1, 3, 2), Bad((4,)), Bad((2, 2, 2, 2))),
    "Dropout2d": dropout((2, 3, 2, 2), (1, 3, 2, 2), (2, 3, 4), (3, 4), (1, 2, 1, 2, 3)),
    "MaxPool1d": max_pool(
        [2, 3, [2]], [1, 2, [3]], [1, [1], 0],
        [(3, 2, 8), (1, 2, 9), (3, 8), (1, 9), Bad((8,)), Bad((2, 2, 2, 8))]),
    "MaxPool2d": max_pool(
        [2, [3, 2], [2, 3]], [1, [1, 2], [2, 1], [3, 2]], [1, [1, 0], [0, 1]],
        [(3, 2, 7, 8), (1, 2, 8, 7), (3, 7, 8), (1, 8, 7), Bad((7, 8)), Bad((1, 2, 2, 7, 8))]),
    "AvgPool1d": average_pool(
        [2, 3, [2]], [1, 2, [3]], [1, [1], 0],
        [(3, 2, 8), (1, 2, 9), (3, 8), (1, 9), Bad((8,)), Bad((2, 2, 2, 8))]),
    "AvgPool2d": average_pool(
        [2, [3, 2], [2, 3]], [1, [1, 2], [2, 1], [3, 2]], [1, [1, 0], [0, 1]],
        [(3, 2, 7, 8), (1, 2, 8, 7), (3, 7, 8), (1, 8, 7), Bad((7, 8)), Bad((1, 2, 2, 7, 8))],
        divisor_override=[DEFAULT, None, 1, 3, Bad(0), Unserved(-2)]),
    "AdaptiveAvgPool1d": {
        "output_size": [3, 1, 5, 9, [2], Bad(None), Bad(-1)],
        "input": [(3, 2, 5), (1, 2, 6), (3, 5), (1, 6), Bad((5,)), Bad((2, 2, 2, 5))],
    },
    "AdaptiveAvgPool2d": {
        "output_size": [3, 1, [2, 3], [1, 7], [6, 2], Unserved([None, 2]), Bad(-1)],
        "input": [(3, 2, 5, 4), (1, 2, 4, 6), (3, 5, 4), (1, 4, 6), Bad((5, 4)), Bad((1, 2, 2, 5, 4))],
    },
    "CELU": elementwise(alpha=[DEFAULT, 0.5, 2, -0.7, Bad(0)], **INPLACE),
    "ELU": elementwise(alpha=[DEFAULT, 0.5, 2, -0.7, 0], **INPLACE),
    "GELU": elementwise(approximate=[DEFAULT, "none", "tanh", Bad("tan")]),
    "Hardsigmoid": elementwise(**INPLACE),
    "Hardswish": elementwise(**INPLACE),
    "Hardtanh": elementwise(min_val=[DEFAULT, -0.3, 0.2, -2], max_val=[DEFAULT, 0.6, 0.1, 0.2], **INPLACE),
    "LeakyReLU": elementwise(negative_slope=[DEFAULT, 0.2, 0, -0.5, 1, 2], **INPLACE),
    "LogSigmoid": elementwise(),
    "Mish": elementwise(**INPLACE),
    "ReLU": elementwise(**INPLACE),
    "ReLU6": elementwise(**INPLACE),
    "SELU": elementwise(**INPLACE),
    "SiLU": elementwise(**INPLACE),
    "Sigmoid": elementwise(),
    "Softplus": elementwise(beta=[DEFAULT, 2, 0.5, -1, Unserved(0)], threshold=[DEFAULT, 1, 0, -1]),
    "Softsign": elementwise(),
    "Tanh": elementwise(),
    "Tanhshrink": elementwise(),
    "Residual": {
        "layers": [
            [CONV], [CONV, layer("Tanh")], [layer("Sigmoid")], [layer("AdaptiveAvgPool2d", output_size=1)],
            [layer("Residual", layers=[CONV])], [layer("Sequential", layers=[layer("Flatten", start_dim=3), CONV])],
        ],
        "shortcut": [DEFAULT, [layer("Identity")], [CONV], [layer("ReLU"), layer("Dropout")],
                     [layer("AvgPool2d", kernel_size=[4, 1])]],
        "input": [(3, 2, 4, 5), (1, 2, 4, 3), (2, 4, 4), Bad((3, 3, 4, 5))],
    },
    "Sequential": {
        "layers": [[CONV], [layer("Sequential", layers=[CONV, layer("Tanh")]), CONV], [layer("Tanh"), layer("Residual", layers=[CONV])]],
        "input": [(3, 2, 4, 5), (1, 2, 3, 3), (2, 4, 4), Bad((3, 3, 4, 5))],
    },
}

FURTHER = {
    "Conv1d": padded_to_same([2, 3, 4], [1, 2, 3], [(3, 2, 9), (1, 2, 8)]),
    "Conv2d": padded_to_same([[3, 1], [2, 3], [1, 4], 2], [1, [1, 2], [2, 1], [3, 2]], [(3, 2, 6, 7), (1, 2, 7, 8)]),
    "AvgPool1d": {
        "kernel_size": [3], "stride": [2, 3], "padding": [0, 1], "ceil_mode": [True], "count_include_pad": [True, False],
        "input": [(3, 2, 9), (2, 2, 8), (2, 8)],
    },
    "AvgPool2d": {
        "kernel_size": [[3, 2]], "stride": [2, [3, 2], [1, 3]], "padding": [0, 1, [1, 0]], "ceil_mode": [True],
        "count_include_pad": [True, False], "divisor_override": [None, 5], "input": [(2, 2, 7, 8), (3, 8, 9)],
    },
    "MaxPool2d": {
        "kernel_size": [[3, 2]], "stride": [2, [3, 2], [1, 3]], "padding": [0, 1, [1, 0]], "dilation": [1, [1, 2], 2],
        "ceil_mode": [True], "input": [(2, 2, 7, 8), (3, 8, 9)],
    },
}
