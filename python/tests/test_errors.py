"""What goes wrong: with what is given, with the program, and with a job."""
import os
import signal
import sys
import tempfile
import unittest

from support import PACKAGE, classifier, environment, interrupted, program, silent

import torch

import actorhutch
from actorhutch import program as programs


class InputTests(unittest.TestCase):
    def setUp(self):
        self.net, self.data = classifier()

    def test_bad_input_has_the_programs_words_all_at_once(self):
        with self.assertRaises(actorhutch.InputError) as caught, silent() as shown:
            actorhutch.trace(self.net, None, self.data, probes="many", seed=-1)
        self.assertEqual(2, caught.exception.exit_code)
        for words in (str(caught.exception), shown.getvalue()):
            self.assertIn("--probes many: must be a whole number, at least 1.", words)
            self.assertIn("--seed -1", words)

    def test_an_unknown_option_is_named_before_anything_is_exported(self):
        with self.assertRaisesRegex(TypeError, "estimate has no option relativ_error: did you mean relative_error?"):
            actorhutch.trace(None, None, None, relativ_error=0.1)

    def test_an_option_of_another_command_is_unknown(self):
        with self.assertRaisesRegex(TypeError, "spectrum has no option k"):
            actorhutch.spectrum(self.net, None, self.data, k=3)

    def test_an_option_that_the_package_says_itself_is_refused(self):
        with self.assertRaisesRegex(TypeError, "the function's arguments"):
            actorhutch.trace(self.net, None, self.data, weights="w.safetensors")

    def test_a_switch_is_true_or_false(self):
        with self.assertRaisesRegex(TypeError, "cluster is True or False, and not 'yes'"):
            actorhutch.trace(self.net, None, self.data, cluster="yes")

    def test_a_model_that_cannot_be_exported(self):
        class Deciding(torch.nn.Linear):
            def forward(self, x):
                return super().forward(x if x.sum() > 0 else -x)
        with self.assertRaises(actorhutch.ExportError) as caught, silent():
            actorhutch.trace(Deciding(4, 3), None, self.data)
        self.assertIsInstance(caught.exception, actorhutch.InputError)
        self.assertIn("depends on numbers that it computes", str(caught.exception))
        self.assertIn("test_errors.py", str(caught.exception))

    def test_targets_that_are_not_right(self):
        with self.assertRaises(actorhutch.InputError):
            actorhutch.trace(self.net, "cross-entropy", (self.data[0], self.data[1] + 7))

    def test_no_data_and_no_model(self):
        with self.assertRaisesRegex(actorhutch.InputError, "There are no data"):
            actorhutch.trace(self.net)
        with self.assertRaisesRegex(actorhutch.InputError, "must be a torch.nn.Module"):
            actorhutch.trace("net", None, self.data)

    def test_weights_that_are_not_finite(self):
        with actorhutch.Model(self.net, None, self.data) as model:
            model.files()
            with torch.no_grad():
                self.net[2].bias[1] = float("nan")
            with self.assertRaisesRegex(actorhutch.InputError, r"2.bias\[1\] is NaN"), silent():
                model.trace()


class ProgramTests(unittest.TestCase):
    def setUp(self):
        self.net, self.data = classifier()

    def call(self, kind=actorhutch.Error):
        with self.assertRaises(kind) as caught, silent():
            actorhutch.trace(self.net, None, self.data, probes=10)
        return caught.exception

    def test_a_program_that_is_missing(self):
        with tempfile.TemporaryDirectory() as home, environment(ACTORHUTCH=None, PATH=home, HOME=home):
            error = self.call(actorhutch.ProgramError)
        self.assertIn("dotnet tool install --global actorhutch", str(error))
        with environment(ACTORHUTCH="/nowhere/actorhutch"):
            self.assertIn("/nowhere/actorhutch, where there is no file", str(self.call(actorhutch.ProgramError)))

    def test_it_is_found_on_the_path_and_among_the_tools(self):
        real = os.environ["ACTORHUTCH"]
        with tempfile.TemporaryDirectory() as home:
            tools = os.path.join(home, ".dotnet", "tools")
            os.makedirs(tools)
            os.symlink(real, os.path.join(tools, "actorhutch"))
            with environment(ACTORHUTCH=None, PATH=home, HOME=home):
                self.assertEqual([os.path.join(tools, "actorhutch")], programs.find())
                os.symlink(real, os.path.join(home, "actorhutch"))
                self.assertEqual([os.path.join(home, "actorhutch")], programs.find())

    def test_a_dll_is_started_by_dotnet(self):
        with environment(ACTORHUTCH=os.environ["ACTORHUTCH"] + ".dll"):
            self.assertEqual("dotnet", os.path.basename(programs.find()[0]))
            self.assertGreater(actorhutch.exact(self.net, None, self.data, quiet=True).trace, 0)

    def other(self, script):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "actorhutch")
            with open(path, "w", encoding="utf-8") as file:
                file.write("#!/bin/sh\n" + script)
            os.chmod(path, 0o700)
            with environment(ACTORHUTCH=path):
                return str(self.call(actorhutch.ProgramError))

    def test_a_program_of_another_version(self):
        self.assertIn("has the version 9.7.0, and this package is for " + actorhutch.__version__, self.other("echo 9.7.0"))

    def test_what_is_no_such_program(self):
        self.assertIn("is no program actorhutch", self.other("echo hello"))
        self.assertIn("ended with the exit code 5", self.other("echo it broke >&2; exit 5"))
        self.assertIn("it broke", self.other("echo it broke >&2; exit 5"))

    def test_a_program_that_dies(self):
        with program("echo 'last words' >&2; kill -9 $$"):
            error = self.call(actorhutch.JobError)
        self.assertIn("was ended by SIGKILL", str(error))
        self.assertIn("last words", str(error))
        self.assertEqual(-9, error.exit_code)

    def test_a_program_that_writes_nothing(self):
        with program("exit 0"):
            self.assertIn("no result that can be read", str(self.call(actorhutch.JobError)))

    def test_a_job_that_fails(self):
        with self.assertRaises(actorhutch.JobError) as caught, silent():
            actorhutch.trace(self.net, None, self.data, cluster=True, listen="127.0.0.1:0", join_timeout=1)
        self.assertEqual(3, caught.exception.exit_code)
        self.assertIn("worker", str(caught.exception))

    def test_a_report_that_cannot_be_written_is_bad_input(self):
        with self.assertRaises(actorhutch.InputError) as caught, silent():
            actorhutch.trace(self.net, None, self.data, out=os.path.join(os.devnull, "report"))
        self.assertEqual(2, caught.exception.exit_code)


ENDLESS = """
import sys, actorhutch
from support import classifier
net, data = classifier()
try:
    actorhutch.trace(net, None, data, probes=100000000, v_batch=1, probe_space="parameter", workers=1, log_level="information")
except actorhutch.Interrupted as error:
    assert isinstance(error, KeyboardInterrupt)
    print("result" if error.result is not None and error.result.interrupted else "none", error)
"""


class InterruptionTests(unittest.TestCase):
    def test_ctrl_c_ends_the_program_with_what_it_has(self):
        out = interrupted(self, ENDLESS, "begins")
        self.assertRegex(out, "^(result|none) Interrupted")

    def test_the_partial_result_is_kept(self):
        # As the program is when it is told to stop later: it writes its report, and ends with 130.
        report = "%s/report.json" % tempfile.mkdtemp()
        try:
            net, data = classifier()
            with silent():
                whole = actorhutch.trace(net, None, data, probes=10).report
            import json
            with open(report, "w", encoding="utf-8") as file:
                json.dump(dict(whole, interrupted=True, stopReason="interrupted"), file)
            with program("trap 'cat %s; exit 130' INT; echo now begins >&2; while :; do sleep 0.1; done" % report):
                out = interrupted(self, ENDLESS, "begins")
        finally:
            import shutil
            shutil.rmtree(os.path.dirname(report))
        self.assertTrue(out.startswith("result Interrupted: "), out)

    def test_a_terminal_shows_the_programs_view_and_its_ctrl_c_is_one(self):
        import pty
        process, terminal = pty.fork()
        if process == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background programs inherit that it is ignored
            os.environ.update(TERM="xterm", PYTHONPATH=os.pathsep.join([PACKAGE, os.path.dirname(os.path.abspath(__file__))]))
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-c", ENDLESS])
        shown = b""
        while True:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # it has ended
                break
            shown += part
            if b"\x1b[" in shown and b"The trace of the Hessian" in shown and b"begins" in shown and b"\x03" not in shown:
                os.write(terminal, b"\x03")
                shown += b"\x03"
        _, status = os.waitpid(process, 0)
        os.close(terminal)
        self.assertEqual(0, status, shown[-2000:])
        self.assertRegex(shown.decode("utf-8", "replace"), "(result|none) Interrupted")

    def test_somebody_elses_interruption_is_a_job_that_failed(self):
        net, data = classifier()
        with program("exit 130"), self.assertRaisesRegex(actorhutch.JobError, "interrupted by somebody else"), silent():
            actorhutch.trace(net, None, data)


if __name__ == "__main__":
    unittest.main()
