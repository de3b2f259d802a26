"""The package as it is installed, documented and typed."""
import ast
import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import PACKAGE, ROOT, classifier, environment

import actorhutch

MINE = """
import torch
def make():
    return torch.nn.Linear(3, 2), torch.randn(8, 3), torch.randint(2, (8,))
"""


def _has(module):
    return importlib.util.find_spec(module) is not None


class DocumentationTests(unittest.TestCase):
    def test_examples_in_docstrings(self):
        for name in ("actorhutch", "actorhutch.commands", "actorhutch.model", "actorhutch.tracker"):
            failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
            self.assertGreater(tried, 0, name)
            self.assertEqual(0, failed, name)

    def run_examples(self, page, mark, names):
        with open(os.path.join(ROOT, page), encoding="utf-8") as file:
            examples = re.findall(r"<!-- %s -->\n```python\n(.*?)```" % mark, file.read(), re.DOTALL)
        self.assertTrue(examples)
        folder, before = tempfile.mkdtemp(), os.getcwd()
        os.chdir(folder)
        try:
            for example in examples:
                exec(compile(example, page, "exec"), names)
        finally:
            os.chdir(before)
            shutil.rmtree(folder)
        return names

    def test_the_readmes_lines(self):
        model, (inputs, targets) = classifier()
        names = self.run_examples("README.md", "python", {"model": model, "inputs": inputs, "targets": targets})
        self.assertGreater(names["r"].trace, 0)

    def test_the_examples_of_the_page(self):
        names = self.run_examples("docs/python.md", "python", {})
        self.assertGreater(names["r"].trace, 0)

    def test_ours_beside_others(self):
        import torch
        model, data = classifier()
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*data), batch_size=8)
        names = self.run_examples("docs/coming-from.md", "python", {
            "model": model, "criterion": torch.nn.CrossEntropyLoss(), "loader": loader, "inputs": data[0], "targets": data[1]})
        self.assertEqual(len(names["d"].diagonal), len(list(model.parameters())))

    def test_every_function_is_documented_and_is_a_method(self):
        self.assertLessEqual({"trace", "exact", "subsample", "spectrum", "eigenvalues", "diagonal", "check"}, set(actorhutch.commands.NAMES))
        with open(os.path.join(ROOT, "docs", "python.md"), encoding="utf-8") as file:
            page = file.read()
        for name in actorhutch.commands.NAMES:
            self.assertIn("`%s`" % name, page)
            self.assertIs(getattr(actorhutch, name), getattr(actorhutch.Model, name))
            self.assertTrue(getattr(actorhutch, name).__doc__)

    def test_every_function_is_a_method_of_which_type_checkers_know(self):
        names = actorhutch.commands.NAMES
        self.assertEqual(names, [name for name in actorhutch.Model.__annotations__])
        traces = [name for name, kind in actorhutch.Model.__annotations__.items() if kind == "Callable[..., Trace]"]
        self.assertEqual(traces, [name for name in actorhutch.Tracker.__annotations__])
        for name in names:
            self.assertIn(name, actorhutch.__all__)
            self.assertTrue(callable(getattr(actorhutch.Model, name)))
        for name in traces:
            self.assertIn("checkpoint", getattr(actorhutch.Tracker, name).__doc__)

    def test_every_function_is_annotated(self):
        for folder, _, files in os.walk(os.path.join(PACKAGE, "actorhutch")):
            for file in files:
                if os.path.basename(folder) == "export" or not file.endswith(".py"):
                    continue
                with open(os.path.join(folder, file), encoding="utf-8") as source:
                    tree = ast.parse(source.read())
                for node in ast.walk(tree):
                    if isinstance(node, ast.FunctionDef):
                        self.assertIsNotNone(node.returns, "%s: %s" % (file, node.name))


USER = """
import torch
import actorhutch
from actorhutch import export
net = torch.nn.Linear(3, 2)
data = torch.randn(4, 3), torch.randn(4, 2)
found: actorhutch.Trace = actorhutch.trace(net, actorhutch.Loss("mse", reduction="sum"), data)
with actorhutch.Model(net, "mse", data) as model:
    values: actorhutch.Eigenvalues = model.eigenvalues(k=1)
    agrees: bool = bool(model.check())
with actorhutch.Tracker(net, "mse", data, folder="checkpoints") as tracker:
    tracker.log(1)
    for row in tracker.trace(probes=10):
        print(row.step, row.trace, row.blocks["weight"].average)
export.export(net, data[0], data[1], "exported")
model.nothing()
"""


class TypeTests(unittest.TestCase):
    @unittest.skipUnless(_has("mypy"), "python3 has no mypy")
    def test_mypy_finds_nothing_wrong_in_the_package_and_what_is_wrong_in_its_use(self):
        with tempfile.TemporaryDirectory() as folder:
            def mypy(*arguments):
                return subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", folder, *arguments], cwd=PACKAGE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, check=False)
            ended = mypy()
            self.assertEqual(0, ended.returncode, ended.stdout)
            user = os.path.join(folder, "user.py")
            with open(user, "w", encoding="utf-8") as file:
                file.write(USER)
            ended = mypy(user)
            self.assertEqual(1, ended.returncode, ended.stdout)
            self.assertRegex(ended.stdout, r'user.py:16: error: "Model" has no attribute "nothing" .*\nFound 1 error in 1 file')


class VersionTests(unittest.TestCase):
    def test_it_is_the_programs(self):
        with open(os.path.join(ROOT, "Directory.Build.props"), encoding="utf-8") as file:
            self.assertEqual(re.search("<Version>(.*)</Version>", file.read()).group(1), actorhutch.__version__)


class CommandTests(unittest.TestCase):
    def run_in(self, folder, *command, **more):
        with open(os.path.join(folder, "mine.py"), "w", encoding="utf-8") as file:
            file.write(MINE)
        return subprocess.run([sys.executable, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              env=dict(os.environ, PYTHONPATH=PACKAGE, **more))

    def test_the_exporter_by_either_name(self):
        with tempfile.TemporaryDirectory() as folder:
            written = []
            for out, command in (("a", ["-m", "actorhutch", "export"]), ("b", [os.path.join(ROOT, "tools", "export_pytorch.py")])):
                ended = self.run_in(folder, *command, "mine.py:make", "--out", out, "--check")
                self.assertEqual(0, ended.returncode, ended.stderr)
                written.append(sorted(os.listdir(os.path.join(folder, out))))
            self.assertEqual(["check.json", "check.safetensors", "data.safetensors", "model.json", "weights.safetensors"], written[0])
            self.assertEqual(written[0], written[1])
            ended = self.run_in(folder, "-m", "actorhutch", "export", "mine.py:other", "--out", "c")
            self.assertEqual(2, ended.returncode)
            self.assertIn("actorhutch export: mine.py has no function other", ended.stderr)

    def test_no_command(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(2, self.run_in(folder, "-m", "actorhutch").returncode)


class InstallTests(unittest.TestCase):
    @unittest.skipUnless(_has("pip") and _has("setuptools") and _has("wheel"), "python3 has no pip, setuptools and wheel")
    def test_pip_installs_it(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = os.path.join(folder, "python"), os.path.join(folder, "target")
            shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
            with environment(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INDEX="1"):
                ended = subprocess.run([sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--target", target, source],
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual(0, ended.returncode, ended.stdout)
            self.assertTrue(os.path.isfile(os.path.join(target, "actorhutch", "py.typed")))
            self.assertFalse(os.path.exists(os.path.join(target, "tests")))
            script = ("import torch, actorhutch; print(actorhutch.__file__); "
                      "print(actorhutch.exact(torch.nn.Linear(3, 2), 'mse', (torch.ones(4, 3), torch.zeros(4, 2)), quiet=True).trace)")
            ended = subprocess.run([sys.executable, "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   check=False, env=dict(os.environ, PYTHONPATH=target))
            self.assertEqual(0, ended.returncode, ended.stderr)
            file, trace = ended.stdout.split()
            self.assertEqual(os.path.join(target, "actorhutch", "__init__.py"), file)
            # The mean over 8 numbers of 2 x^2, for 3 weights and a bias of 2 outputs each: 2 (3 + 1).
            self.assertAlmostEqual(8, float(trace), places=4)


if __name__ == "__main__":
    unittest.main()
