"""Checkpoints of a training, and the trace at each."""
import os
import subprocess
import tempfile
import unittest

from support import classifier, interrupted, silent

import torch
from torch import nn

import actorhutch


def step_of(net):
    """A step of training, as far as a test needs one."""
    with torch.no_grad():
        for p in net.parameters():
            p.add_(torch.randn(p.shape) * 0.3)


class Scaled(nn.Module):
    """Has a buffer of which a graph computes a constant."""

    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 3)
        self.register_buffer("scale", torch.full((4,), 2.0))

    def forward(self, x):
        return self.body(x * (self.scale ** 2).reciprocal())


MANY = """
import actorhutch
from support import classifier
net, data = classifier()
with actorhutch.Tracker(net, None, data) as tracker:
    for step in range(60):
        tracker.log(step)
    try:
        tracker.trace(probes=500, v_batch=1, probe_space="parameter", workers=1, log_level="information")
    except actorhutch.Interrupted as error:
        series = error.result
        assert series.interrupted and series.planned == 60
        assert [row.step for row in series] == list(range(len(series))) and all(row.trace > 0 for row in series)
        print(len(series), error)
"""


class TrackerTests(unittest.TestCase):
    def setUp(self):
        self.net, self.data = classifier()

    def tracker(self, *arguments, **options):
        tracker = actorhutch.Tracker(*(arguments or (self.net, None, self.data)), **options)
        self.addCleanup(tracker.close)
        return tracker

    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return os.path.join(folder.name, "checkpoints")

    def test_each_row_has_the_bits_of_a_call_of_its_own(self):
        tracker, alone = self.tracker(), []
        for step in (9, 10, 200):
            tracker.log(step)
            alone.append(actorhutch.trace(self.net, None, self.data, probes=10, quiet=True))
            step_of(self.net)
        series = tracker.trace(probes=10, quiet=True)
        self.assertEqual("series", series.report["kind"])
        self.assertEqual([9, 10, 200], tracker.steps)
        self.assertEqual([9, 10, 200], [row.step for row in series])
        for row, one in zip(series, alone):
            self.assertEqual((one.trace, one.standard_error, one.confidence, one.probes), (row.trace, row.standard_error, row.confidence, row.probes))
            # Beside a single estimate the program computes the exact trace too.
            self.assertEqual({name: block._replace(exact_trace=None) for name, block in one.blocks.items()}, row.blocks)
            self.assertIsNone(row.error)
        self.assertIsNone(series[0].change)
        self.assertEqual(series[2].trace - series[1].trace, series[2].change)
        self.assertGreater(series[2].change_standard_error, 0)
        self.assertEqual((3, 3), (len(series), series.planned))

    def test_every_function_of_traces_runs_over_the_checkpoints(self):
        tracker = self.tracker()
        for step in range(2):
            tracker.log(step)
            step_of(self.net)
        for name, options in (("exact", {}), ("subsample", {"relative_error": 0.2}), ("xtrace", {"probes": 8}), ("hutchpp", {"probes": 9})):
            series = getattr(tracker, name)(quiet=True, **options)
            self.assertEqual(name, series.report["job"]["kind"])
            self.assertNotEqual(series[0].trace, series[1].trace)
        with self.assertRaisesRegex(TypeError, "exact has no option relative_error"):
            tracker.exact(relative_error=0.1)

    def test_statistics_of_batch_normalisation_are_those_of_the_step(self):
        net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 3))
        for form in ("auto", "graph"):
            with silent():
                tracker, alone = self.tracker(net, None, self.data, form=form), []
                for step in range(3):
                    net.train()(self.data[0] * (step + 1) + step)
                    tracker.log(step)
                    alone.append(actorhutch.exact(net, None, self.data, form=form, quiet=True).trace)
                self.assertEqual(alone, [row.trace for row in tracker.exact(quiet=True)])
            self.assertEqual(3, len(set(alone)))

    def test_constants_that_were_computed_of_buffers_are_computed_again(self):
        net = Scaled()
        with silent():
            tracker, alone = self.tracker(net, None, self.data), []
            for step in range(2):
                tracker.log(step)
                alone.append(actorhutch.exact(net, None, self.data, quiet=True).trace)
                net.scale.mul_(2)
            self.assertEqual(alone, [row.trace for row in tracker.exact(quiet=True)])
        self.assertNotEqual(alone[0], alone[1])

    def test_a_model_that_has_become_another(self):
        with silent():
            tracker = self.tracker(form="graph")
            tracker.log(0)
            self.net[0].weight.requires_grad_(False)
            with self.assertRaisesRegex(actorhutch.InputError, "The model of step 1 is another .* actorhutch.Model"):
                tracker.log(1)
            self.assertEqual([0], tracker.steps)
            self.net[0].weight.requires_grad_(True)
            tracker.log(2)
            self.assertEqual(2, len(tracker.exact(quiet=True)))

    def test_a_checkpoint_that_has_diverged_is_a_row_with_the_reason(self):
        tracker = self.tracker()
        tracker.log(0)
        kept = self.net[2].bias.detach().clone()
        for step, value in ((1, float("nan")), (2, 0.5)):
            with torch.no_grad():
                self.net[2].bias.copy_(kept)[1] = value
            tracker.log(step)
        with silent():
            series = tracker.trace(probes=10)
        self.assertEqual((None, None, {}), (series[1].trace, series[1].change, series[1].blocks))
        self.assertIn("2.bias[1] is NaN", series[1].error)
        self.assertEqual(series[2].trace - series[0].trace, series[2].change)
        self.assertRegex(str(series).split("\n")[2], "^ +1 +failed$")

    def test_where_no_checkpoint_has_a_trace(self):
        tracker = self.tracker()
        tracker.log(0)
        with self.assertRaises(actorhutch.JobError) as caught, silent():
            tracker.trace(cluster=True, listen="127.0.0.1:0", join_timeout=1)
        self.assertIn("worker", caught.exception.result[0].error)

    def test_a_folder_is_gone_on_with_and_computed_once(self):
        folder = self.folder()
        state = os.path.join(folder, "state")
        traces = []
        for step in range(2):
            tracker = self.tracker(folder=folder)
            tracker.log(step)
            step_of(self.net)
            with silent() as shown:
                series = tracker.trace(probes=10, state=state, log_level="information")
            traces.append([row.trace for row in series])
            # A job begins where there is something to compute.
            self.assertEqual(1, shown.getvalue().count(" begins:"), shown.getvalue())
            tracker.close()
        self.assertEqual(traces[0], traces[1][:1])
        self.assertEqual({"model.json", "data.safetensors", "step-0.safetensors", "step-1.safetensors", "state"}, set(os.listdir(folder)))
        # The program takes the folder by itself.
        asked = subprocess.run(
            [os.environ["ACTORHUTCH"], "--model", "model.json", "--data", "data.safetensors", "--weights", "step-*.safetensors", "--probes", "10", "--quiet"],
            cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
        self.assertIn("step-1.safetensors", asked.stdout)

    def test_a_folder_of_something_else(self):
        folder = self.folder()
        self.tracker(folder=folder).log(0)
        with self.assertRaisesRegex(actorhutch.InputError, "checkpoints of another model"):
            self.tracker(nn.Linear(4, 3), None, self.data, folder=folder)
        with self.assertRaisesRegex(actorhutch.InputError, "with other data, or another loss"):
            self.tracker(self.net, None, (self.data[0] + 1, self.data[1]), folder=folder)
        with self.assertRaisesRegex(actorhutch.InputError, "with other data, or another loss"):
            self.tracker(self.net, None, self.data, folder=folder, label_smoothing=0.1)
        os.remove(os.path.join(folder, "model.json"))
        with self.assertRaisesRegex(actorhutch.InputError, "step-0.safetensors, and no model.json"):
            self.tracker(folder=folder)
        with self.assertRaisesRegex(actorhutch.InputError, "must be a folder that can be written to"):
            self.tracker(folder=os.path.join(os.devnull, "checkpoints"))
        with self.assertRaisesRegex(actorhutch.InputError, "must have none of"):
            self.tracker(folder=folder + ",b")

    def test_steps_that_are_not_right(self):
        tracker = self.tracker()
        with self.assertRaisesRegex(actorhutch.InputError, "There is no checkpoint"):
            tracker.trace()
        with self.assertRaisesRegex(actorhutch.InputError, "at least 0, and is -1"):
            tracker.log(-1)
        with self.assertRaises(TypeError):
            tracker.log(1.5)
        tracker.log(1)
        first = tracker.exact(quiet=True)[0].trace
        step_of(self.net)
        with self.assertRaisesRegex(actorhutch.InputError, r"log\(1, replace=True\)"):
            tracker.log(1)
        self.assertEqual(first, tracker.exact(quiet=True)[0].trace)
        tracker.log(1, replace=True)
        self.assertNotEqual(first, tracker.exact(quiet=True)[0].trace)

    def test_what_a_tracker_does_not_take(self):
        with self.assertRaisesRegex(actorhutch.InputError, "form='torchscript'"):
            self.tracker(self.net, None, self.data, form="torchscript")
        with self.assertRaisesRegex(TypeError, "the function's arguments"):
            self.tracker().trace(weights="w.safetensors")
        with actorhutch.Model(self.net, None, self.data) as model:
            with self.assertRaises(TypeError):
                self.tracker(model, None, self.data)
            tracker = self.tracker(model)
            tracker.log(0)
            tracker.close()
            self.assertTrue(os.path.exists(model.path("model.json")))

    def test_names_are_the_models_with_a_loss_of_ones_own(self):
        tracker = self.tracker(self.net, lambda output, y: nn.functional.cross_entropy(output, y, reduction="none"), self.data)
        tracker.log(0)
        self.assertEqual([name for name, _ in self.net.named_parameters()], list(tracker.exact(quiet=True)[0].blocks))

    def test_nothing_temporary_is_left(self):
        with tempfile.TemporaryDirectory() as folder:
            before, tempfile.tempdir = tempfile.tempdir, folder
            try:
                with actorhutch.Tracker(self.net, None, self.data) as tracker:
                    tracker.log(0)
                    tracker.exact(quiet=True)
                self.assertEqual([], os.listdir(folder))
                for late in (tracker.exact, lambda: tracker.log(1)):
                    with self.assertRaisesRegex(actorhutch.InputError, "until it is closed"):
                        late()
                tracker = actorhutch.Tracker(self.net, None, self.data)
                self.assertNotEqual([], os.listdir(folder))
                del tracker
                with self.assertRaises(actorhutch.InputError):
                    actorhutch.Tracker(self.net, "mse", self.data)
            finally:
                tempfile.tempdir = before
            self.assertEqual([], os.listdir(folder))

    def test_ctrl_c_leaves_the_rows_that_were_done(self):
        out = interrupted(self, MANY, "begins", 2)
        self.assertRegex(out, r"^[1-9]\d* Interrupted: \d+ of 60 checkpoints\.$")


if __name__ == "__main__":
    unittest.main()
