"""Models, losses and data as users have them; and an export that is kept."""
import os
import unittest

from support import blocks, classifier, hessian, silent

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

import actorhutch

ROUNDING = 1e-10


class Named(Dataset):
    """Samples as dicts."""

    def __init__(self, tensors):
        self.tensors = tensors

    def __len__(self):
        return len(next(iter(self.tensors.values())))

    def __getitem__(self, place):
        return {name: values[place] for name, values in self.tensors.items()}


class Masked(nn.Module):
    """Takes ids and a mask by name."""

    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(7, 4), nn.Linear(4, 3)

    def forward(self, ids, mask):
        x = torch.tanh(self.table(ids)) * mask.unsqueeze(-1)
        return self.head(x.sum(1))


class OwnLoss(Masked):
    """The same, and its loss beside it, as libraries of language models have it."""

    def forward(self, ids, mask, labels):
        logits = super().forward(ids, mask)
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class Block(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.inner = body

    def forward(self, x):
        return self.inner(x) + x


def named_batch():
    torch.manual_seed(1)
    return {"ids": torch.randint(7, (10, 5)), "mask": (torch.rand(10, 5) < 0.7).float(), "labels": torch.randint(3, (10,))}


class ModelTests(unittest.TestCase):
    def same(self, result, net, loss_of):
        """Whether trace and blocks are PyTorch's in float64."""
        matrix, names = hessian(net.double(), loss_of)
        size = float(matrix.diagonal().abs().sum())
        self.assertLess(abs(result.trace - float(matrix.trace())), ROUNDING * size)
        wanted = blocks(matrix, names)
        self.assertEqual(set(wanted), set(result.blocks))
        for name, trace in wanted.items():
            self.assertLess(abs(result.blocks[name].trace - trace), ROUNDING * size, name)

    def exact(self, *arguments, **options):
        with silent():
            return actorhutch.exact(*arguments, dtype="float64", quiet=True, **options)

    def test_a_model_in_float64(self):
        net, (x, y) = classifier()
        net = net.double()
        self.same(self.exact(net, None, (x.double(), y)), net, lambda model: F.cross_entropy(model(x.double()), y))

    def test_a_model_in_bfloat16(self):
        net, (x, y) = classifier()
        net, x = net.bfloat16(), x.bfloat16()
        result = self.exact(net, None, (x, y))
        self.assertEqual(torch.bfloat16, net[0].weight.dtype)
        self.same(result, net, lambda model: F.cross_entropy(model(x.double()), y))

    def test_a_loader_of_dicts(self):
        batch, net = named_batch(), Masked()
        result = self.exact(net, nn.CrossEntropyLoss(), DataLoader(Named(batch), batch_size=4))
        self.assertEqual(10, result.report["model"]["samples"])
        self.same(result, net, lambda model: F.cross_entropy(model(batch["ids"], batch["mask"].double()), batch["labels"]))

    def test_a_loader_of_pairs_and_a_dataset(self):
        net, (x, y) = classifier()
        of_loader = self.exact(net, None, DataLoader(TensorDataset(x, y), batch_size=7))
        of_dataset = self.exact(net, None, TensorDataset(x, y))
        of_list = self.exact(net, None, [(x[:10], y[:10]), (x[10:], y[10:])])
        self.assertEqual(of_loader.trace, of_dataset.trace)
        self.assertEqual(of_loader.trace, of_list.trace)
        self.same(of_loader, net, lambda model: F.cross_entropy(model(x.double()), y))

    def test_several_inputs_in_a_tuple(self):
        torch.manual_seed(0)
        net, a, b, y = nn.Bilinear(4, 3, 2), torch.randn(5, 4), torch.randn(5, 3), torch.randn(5, 2)
        of_tuple = self.exact(net, "mse", ((a, b), y))
        of_loader = self.exact(net, "mse", DataLoader(TensorDataset(a, b, y), batch_size=2))
        self.assertEqual(of_tuple.trace, of_loader.trace)
        self.same(of_tuple, net, lambda model: F.mse_loss(model(a.double(), b.double()), y.double()))

    def test_a_loss_of_ones_own_for_each_sample(self):
        net, (x, y) = classifier()

        def focal(output, targets):
            chance = F.log_softmax(output, 1).gather(1, targets.unsqueeze(1)).squeeze(1)
            return -(1 - chance.exp()) ** 2 * chance
        result = self.exact(net, focal, (x, y))
        self.same(result, net, lambda model: focal(model(x.double()), y).mean())

    def test_a_loss_of_ones_own_as_a_mean_of_inputs_by_name(self):
        batch, net = named_batch(), Masked()
        loss = nn.CrossEntropyLoss(torch.tensor([1.0, 2.0, 3.0]))
        result = self.exact(net, lambda output, y: loss(output ** 3, y) ** 2, batch, targets="labels")
        self.same(result, net, lambda model: loss.double()(model(batch["ids"], batch["mask"].double()) ** 3, batch["labels"]) ** 2)

    def test_the_users_model_is_left_as_it_is(self):
        net, data = classifier()
        net = nn.Sequential(net, nn.Dropout(0.5)).train()
        net[0].eval()
        self.exact(net, lambda output, y: F.cross_entropy(output, y, reduction="none"), data)
        self.assertTrue(net.training and net[1].training)
        self.assertFalse(net[0].training or net[0][0].training)
        self.assertIsNone(net[0][0].weight.grad)

    def test_a_model_that_computes_its_loss(self):
        batch, net = named_batch(), OwnLoss()
        result = self.exact(net, "model", batch, output="loss")
        self.same(result, net, lambda model: model(batch["ids"], batch["mask"].double(), batch["labels"])["loss"])

    def test_functions_and_arguments_of_losses(self):
        net, (x, y) = classifier()
        result = self.exact(net, F.cross_entropy, (x, y), label_smoothing=0.2, reduction="sum")
        self.same(result, net, lambda model: F.cross_entropy(model(x.double()), y, label_smoothing=0.2, reduction="sum"))

    def test_every_form(self):
        net, data = classifier()
        whole = {form: self.exact(net, None, data, form=form).trace for form in ("auto", "graph", "torchscript")}
        for trace in whole.values():
            self.assertLess(abs(trace - whole["auto"]), ROUNDING * abs(trace))

    def test_blocks_that_forward_adds_up_have_the_models_names(self):
        torch.manual_seed(0)
        net, x, y = nn.Sequential(nn.Linear(4, 4), Block(nn.Linear(4, 4)), nn.Tanh()), torch.randn(6, 4), torch.randn(6, 4)
        self.same(self.exact(net, "mse", (x, y)), net, lambda model: F.mse_loss(model(x.double()), y.double()))

    def test_later_calls_write_the_weights_alone(self):
        for form in ("auto", "graph"):
            net, (x, y) = classifier()
            with silent(), actorhutch.Model(net, None, (x, y), form=form) as model:
                model.exact(quiet=True)
                written = os.stat(model.path("data.safetensors")).st_mtime_ns
                with torch.no_grad():
                    for p in net.parameters():
                        p.add_(torch.randn(p.shape) * 0.3)
                after = model.exact(dtype="float64", quiet=True)
                self.assertEqual(1, model.exports)
                self.assertEqual(written, os.stat(model.path("data.safetensors")).st_mtime_ns)
            self.same(after, net, lambda real: F.cross_entropy(real(x.double()), y))

    def test_statistics_that_have_changed_are_written_with_the_weights(self):
        torch.manual_seed(0)
        net, x, y = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)), torch.randn(9, 4), torch.randint(3, (9,))
        with silent(), actorhutch.Model(net, None, (x, y)) as model:
            model.exact(quiet=True)
            net.train()(x * 3 + 1)
            after = model.exact(dtype="float64", quiet=True)
            self.assertEqual(1, model.exports)
        net.eval()
        self.same(after, net, lambda real: F.cross_entropy(real(x.double()), y))

    def test_a_parameter_that_was_frozen_since(self):
        net, (x, y) = classifier()
        with silent(), actorhutch.Model(net, None, (x, y)) as model:
            self.assertIn("0.weight", model.exact(quiet=True).blocks)
            net[0].weight.requires_grad_(False)
            self.assertNotIn("0.weight", model.exact(quiet=True).blocks)

    def test_closing_removes_the_files_and_a_later_call_makes_them_again(self):
        net, data = classifier()
        model = actorhutch.Model(net, None, data)
        first, folder = model.exact(quiet=True), model.path("")
        model.close()
        self.assertFalse(os.path.exists(folder))
        self.assertEqual(first.trace, model.exact(quiet=True).trace)
        folder = model.path("")
        del model
        self.assertFalse(os.path.exists(folder))

    def test_what_is_wrong_with_data(self):
        net, (x, y) = classifier()
        for data, words in (
                (3, "are a int"), ([], "are empty"), ([x, x, x], "it is a Tensor"), ({"x": x, "a": x, "b": y}, "Which of x, a, b are the targets"),
                ([(x, y), (x[:, :2], y)], r"several shapes, \[2\] and \[4\]"), ((x, y[:3]), "24 inputs and 3 targets")):
            with self.assertRaisesRegex(actorhutch.InputError, words):
                actorhutch.exact(net, None, data)
        with self.assertRaisesRegex(actorhutch.InputError, "targets=z: a batch has"):
            actorhutch.exact(net, None, {"input": x, "y": y}, targets="z")


if __name__ == "__main__":
    unittest.main()
