"""Ten models of the zoo: their exact traces against PyTorch's double backward in float64."""
import os
import sys
import unittest

from support import ROOT, blocks, hessian, silent

import torch

import actorhutch

TOOLS = os.path.join(ROOT, "tools")
try:
    arguments, sys.argv = sys.argv, ["zoo.py", TOOLS]
    sys.path.insert(0, os.path.join(ROOT, "tests", "Zoo"))
    import zoo
except ImportError as error:
    if error.name != "torchvision":
        raise
    zoo = None
finally:
    sys.argv = arguments

# Both sides add some ten thousand terms in float64.
ROUNDING = 1e-9


@unittest.skipIf(zoo is None, "python3 has no torchvision")
class ZooTests(unittest.TestCase):
    def compare(self, name):
        torch.manual_seed(0)
        net, inputs, targets, *loss = zoo.MODELS[name]()
        net.eval()
        with silent():
            result = actorhutch.exact(net, loss[0] if loss else None, (inputs, targets), dtype="float64", quiet=True)
        doubles = {key: zoo.double(x) for key, x in inputs.items()} if isinstance(inputs, dict) else tuple(
            map(zoo.double, (inputs,) if isinstance(inputs, torch.Tensor) else inputs))
        aims = zoo.double(targets)
        if loss:
            matrix, named = hessian(net.double(), lambda model: zoo.call(model, doubles + (aims,)).mean())
        else:
            def loss_of(model):
                output = zoo.call(model, doubles)
                return zoo.loss_of(output, aims)(output, aims)
            matrix, named = hessian(net.double(), loss_of)
        size = float(matrix.diagonal().abs().sum())
        self.assertGreater(size, 0)
        self.assertLess(abs(result.trace - float(matrix.trace())), ROUNDING * size)
        wanted = blocks(matrix, named)
        self.assertEqual(set(wanted), set(result.blocks))
        for block, trace in wanted.items():
            self.assertLess(abs(result.blocks[block].trace - trace), ROUNDING * size, block)


def _test(name):
    return lambda self: self.compare(name)


for _name in ("einsum", "gated_linear_unit", "conv3d", "rms_norm", "prelu", "tied_frozen_buffers", "in_place_on_views", "two_inputs",
              "own_loss_of_samples", "own_loss_as_a_number", "group_norm", "gru"):
    setattr(ZooTests, "test_" + _name, _test(_name))


if __name__ == "__main__":
    unittest.main()
