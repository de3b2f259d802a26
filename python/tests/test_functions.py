"""Every function, against PyTorch's Hessian in float64."""
import os
import tempfile
import unittest

from support import blocks, classifier, hessian, silent

import torch
from torch.nn import functional as F

import actorhutch

# Sums of some thousand terms in float64, in two orders.
ROUNDING = 1e-10


def expected():
    model, (x, y) = classifier()
    return hessian(model.double(), lambda net: F.cross_entropy(net(x.double()), y))


class FunctionTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.matrix, cls.named = expected()
        model, data = classifier()
        cls.model = actorhutch.Model(model, torch.nn.CrossEntropyLoss(), data)

    @classmethod
    def tearDownClass(cls):
        cls.model.close()

    def near(self, found, wanted, tolerance=ROUNDING):
        self.assertLess(abs(found - wanted), tolerance * max(1.0, float(self.matrix.diagonal().abs().sum())))

    def test_exact(self):
        result = self.model.exact(dtype=torch.float64, quiet=True)
        self.near(result.trace, float(self.matrix.trace()))
        wanted = blocks(self.matrix, self.named)
        self.assertEqual(list(wanted), list(result.blocks))
        for name, trace in wanted.items():
            self.near(result.blocks[name].trace, trace)
        self.assertEqual(0, result.standard_error)
        self.assertIsNone(result.confidence)
        self.assertEqual("exact", result.report["kind"])

    def test_trace(self):
        result = self.model.trace(relative_error=0.02, seed=3, workers=2, quiet=True)
        wanted = float(self.matrix.trace())
        # Of this seed; a 95 % interval misses one time in twenty, and this one does not.
        self.assertTrue(result.confidence.low < wanted < result.confidence.high, result)
        self.assertLessEqual(result.confidence.high - result.confidence.low, 2 * 0.02 * result.trace)
        self.assertEqual(0.95, result.confidence.level)
        self.assertGreater(result.standard_error, 0)
        self.assertEqual(2, result.report["job"]["workers"])
        self.assertAlmostEqual(result.trace, sum(block.trace for block in result.blocks.values()), places=4)
        self.assertIn("95 %", str(result))

    def test_gauss_newton_of_chosen_parameters(self):
        result = self.model.exact(matrix="ggn", parameters=["0.*", "2.bias"], quiet=True)
        self.assertEqual(["0.weight", "0.bias", "2.bias"], list(result.blocks))
        self.assertEqual("ggn", result.report["matrix"])

    def test_few_products(self):
        wanted = float(self.matrix.trace())
        for estimate in (self.model.xtrace, self.model.hutchpp):
            # As many vectors as it takes for the space to be all there is.
            result = estimate(probes=4 * len(self.matrix), dtype="float64", quiet=True)
            self.near(result.trace, wanted)
            self.assertEqual({}, result.blocks)

    def test_the_average_trace_of_a_block(self):
        for name, block in self.model.exact(quiet=True).blocks.items():
            self.assertEqual(dict(self.named)[name].numel(), block.parameters)
            self.assertEqual(block.trace / block.parameters, block.average)

    def test_subsample(self):
        result = self.model.subsample(quiet=True)
        self.assertEqual("subsample", result.report["kind"])
        self.assertIsNotNone(result.report["part"])
        self.assertGreater(result.trace, 0)

    def test_eigenvalues_and_vectors(self):
        result = self.model.eigenvalues(k=3, vectors=True, dtype="float64", quiet=True)
        wanted = torch.linalg.eigvalsh(self.matrix).flip(0)[:3].tolist()
        for found, residual, eigenvalue in zip(result.values, result.residuals, wanted):
            self.assertLessEqual(abs(found - eigenvalue), residual + ROUNDING)
        self.assertEqual(3, len(result.values))
        self.assertTrue(result.converged)
        for name, shape in self.named:
            self.assertEqual([3, *shape], list(result.vectors[name].shape))
        flat = torch.cat([result.vectors[name].reshape(3, -1) for name, _ in self.named], 1)
        rest = flat @ self.matrix - torch.tensor(result.values, dtype=torch.float64).unsqueeze(1) * flat
        self.assertLess(float(rest.norm(dim=1).max()), max(result.residuals) + 1e-8)

    def test_eigenvalues_have_no_vectors_unless_asked_for(self):
        self.assertIsNone(self.model.eigenvalues(k=1, quiet=True).vectors)

    def test_diagonal(self):
        result = self.model.diagonal(probes=400, dtype="float64", quiet=True)
        at = 0
        for name, shape in self.named:
            found, wanted = result.diagonal[name], self.matrix.diagonal()[at:at + shape.numel()].reshape(shape)
            at += shape.numel()
            self.assertEqual(shape, found.shape)
            if result.standard_errors is None:
                self.assertLess(float((found - wanted).abs().max()), ROUNDING)
            else:
                # 59 entries at six standard errors: an alarm that is false comes in one of ten million seeds.
                self.assertTrue(bool(((found - wanted).abs() <= 6 * result.standard_errors[name] + ROUNDING).all()), name)

    def test_spectrum(self):
        result = self.model.spectrum(lanczos_steps=59, probes=20, dtype="float64", quiet=True)
        values = torch.linalg.eigvalsh(self.matrix)
        self.near(result.least, float(values[0]), 1e-6)
        self.near(result.greatest, float(values[-1]), 1e-6)
        norm = float((values ** 2).sum())
        self.assertLessEqual(abs(result.squared_norm.value - norm), 6 * result.squared_norm.standard_error + ROUNDING)
        self.assertEqual(result.report["spectrum"]["curve"], result.density)
        self.assertEqual({"eigenvalue", "density", "below", "low", "high"}, set(result.density[0]))
        self.assertGreater(result.stable_rank.value, 1)

    def test_check(self):
        result = self.model.check(dtype="float64")
        self.assertTrue(result)
        self.assertLess(result.difference, 1e-8)

    def test_a_check_that_finds_a_difference_is_false(self):
        path = self.model.write_check()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        write = self.model.write_check

        def wrong():
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace('"quadratic_form": ', '"quadratic_form": 1'))
            return path
        self.model.write_check = wrong
        try:
            with silent():
                self.assertFalse(self.model.check())
        finally:
            self.model.write_check = write

    def test_out_is_a_report_that_stays(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "report")
            result = self.model.diagonal(out=out, quiet=True)
            self.assertEqual(out, result.out)
            self.assertLessEqual({"report.html", "report.json", "diagonal.safetensors"}, set(os.listdir(out)))

    def test_progress_is_shown_as_the_program_writes_it(self):
        with silent() as shown:
            self.model.trace(probes=10, log_level="information")
        self.assertIn("begins", shown.getvalue())

    def test_no_temporary_files_are_left(self):
        with tempfile.TemporaryDirectory() as folder:
            before, tempfile.tempdir = tempfile.tempdir, folder
            try:
                model, data = classifier()
                actorhutch.diagonal(model, "cross-entropy", data, quiet=True)
                with self.assertRaises(actorhutch.InputError), silent():
                    actorhutch.diagonal(model, "cross-entropy", data, probes=-1)
            finally:
                tempfile.tempdir = before
            self.assertEqual([], os.listdir(folder))


if __name__ == "__main__":
    unittest.main()
