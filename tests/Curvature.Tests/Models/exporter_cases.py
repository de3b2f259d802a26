"""Runs tools/export_pytorch.py as its users do, and writes down what it says: pytorch_cases.py calls it.

What is exported is held against the model made anew: export.json has the exit code, output, errors and files of every
run, and expected.json beside an export what PyTorch finds for the model that make() returns, without the exporter.
"""
import contextlib
import inspect
import io
import json
import os

import export_pytorch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "exporter_models.py")

# Name of the run: function, and options.
EXPORTS = {
    "branch": ("overwriting_branch",),
    "branch-program": ("overwriting_branch", "--torchscript"),
    "first": ("overwriting_first",),
    "first-graph": ("overwriting_first", "--graph"),
    "first-program": ("overwriting_first", "--torchscript"),
    "inputs-are-targets": ("overwriting_of_inputs_that_are_targets",),
    "inputs-are-targets-graph": ("overwriting_of_inputs_that_are_targets", "--graph"),
    "inputs-are-targets-program": ("overwriting_of_inputs_that_are_targets", "--torchscript"),
    "inputs-with-gradients": ("overwriting_of_inputs_with_gradients",),
    "counting": ("counting", "--torchscript"),
    "caching-graph": ("caching",),
    "caching": ("caching", "--torchscript"),
    "training": ("in_training_mode",),
    "transformer-graph": ("transformer",),
    "transformer": ("transformer", "--torchscript"),
    "traced": ("traced", "--torchscript"),
    "traced-graph": ("traced",),
    "traced-one": ("traced_one_sample", "--torchscript"),
    "pair": ("pair", "--torchscript", "--output", "1.1"),
    "pair-graph": ("pair", "--output", "1.1"),
    "dictionary": ("dictionary", "--torchscript", "--output", "logits"),
    "dictionary-graph": ("dictionary", "--output", "logits"),
    "weight-norm": ("weight_norm", "--torchscript"),
    "half-graph": ("half", "--graph"),
    "half": ("half",),
    "probabilities": ("probabilities",),
    "probabilities-mse": ("probabilities", "--loss", "mse"),
    "real": ("real_targets",),
    "bce": ("yes_and_no", "--loss", "bce-with-logits"),
    "no-grad": ("without_gradients",),
    "ignored": ("segments", "--ignore-index", "255"),
    "classes-last": ("text", "--graph"),
    "two-inputs": ("several_inputs",),
    "inputs-by-name": ("inputs_by_name",),
    "own-loss": ("own_loss", "--loss", "model", "--output", "loss"),
    "own-loss-by-name": ("own_loss_by_name", "--loss", "model", "--output", "loss"),
}

PICKED = {"pair": lambda whole: whole[1][1], "dictionary": lambda whole: whole["logits"]}
PICKED.update({name: lambda whole: whole["loss"] for name in ("own-loss", "own-loss-by-name")})
PICKED.update({name + "-graph": pick for name, pick in PICKED.items()})

REFUSALS = {
    "branch-layers": ("overwriting_branch", "--residual", "Residual"),
    "detached": ("detached", "--residual", "Detached"),
    "no-function": ("mak",),
    "arguments": ("needs",),
    "raises": ("raises",),
    "leaves": ("leaves",),
    "two-things": ("two_things",),
    "no-module": ("no_module",),
    "several-inputs": ("several_inputs", "--torchscript"),
    "too-many-inputs": ("too_many_inputs",),
    "other-lengths": ("other_lengths",),
    "own-loss-scores": ("own_loss", "--loss", "model", "--output", "logits"),
    "several-arguments": ("several_arguments", "--torchscript"),
    "numpy": ("numpy_inputs",),
    "list": ("list_targets",),
    "empty": ("no_samples",),
    "fewer-targets": ("fewer_targets",),
    "one-target": ("one_target",),
    "lazy": ("lazy",),
    "meta": ("nowhere",),
    "failing": ("failing",),
    "other-type": ("other_type",),
    "pair": ("pair", "--torchscript"),
    "dictionary": ("dictionary",),
    "output-unknown": ("pair", "--torchscript", "--output", "2"),
    "output-tuple": ("pair", "--torchscript", "--output", "1"),
    "output-number": ("pair", "--torchscript", "--output", "0"),
    "output-layers": ("pair", "--output", "1.1", "--sequential", "Pair"),
    "graph-layers": ("real_targets", "--graph", "--sequential", "Net"),
    "on-numbers": ("on_its_numbers",),
    "one-by-one": ("one_by_one", "--graph"),
    "text": ("text", "--torchscript", "--class-dimension", "1"),
    "column": ("column_of_outputs",),
    "class-10": ("class_10",),
    "class-255": ("segments",),
    "one-score": ("one_score",),
    "classes-mse": ("counting", "--torchscript", "--loss", "mse"),
    "real-cross-entropy": ("real_targets", "--loss", "cross-entropy"),
    "real-bce": ("real_targets", "--loss", "bce"),
    "loss-argument": ("real_targets", "--loss", "mse", "--label-smoothing", "0.1"),
    "loss-share": ("class_10", "--label-smoothing", "2"),
    "loss-dimension": ("text", "--class-dimension", "3"),
    "loss-beta": ("real_targets", "--loss", "smooth-l1", "--beta", "0"),
    "loss-unknown": ("with_another_loss",),
    "loss-for-each": ("with_a_loss_for_each",),
    "loss-weights": ("with_weights",),
    "loss-kl": ("real_targets", "--loss", "kl-div"),
    "loss-probabilities": ("yes_and_no", "--loss", "bce-of-probabilities"),
    "booleans": ("true_and_false",),
    "two-softmaxes": ("two_softmaxes",),
    "not-finite": ("not_finite",),
    "renormalised": ("renormalised", "--torchscript"),
    "random": ("random", "--torchscript"),
    "counts-calls": ("counts_calls", "--torchscript"),
    "computed-early": ("computed_early", "--torchscript"),
    "fixed-batch": ("traced_for_its_batch_alone", "--torchscript"),
    "no-program": ("no_program", "--torchscript"),
    "residual": ("real_targets", "--residual", "Block:a,b,c"),
}

# The model is written, and its check is not.
WITHOUT_CHECK = {
    "bag": ("bag", "--torchscript"),
    "distances": ("distances", "--torchscript"),
    "infinite": ("infinite_second_derivative", "--torchscript"),
    "single": ("single_precision", "--torchscript"),
    "all-frozen": ("frozen", "--torchscript"),
}


def run(folder, *arguments):
    """One run of the command: what it says, and what it leaves."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = export_pytorch.main([*arguments, "--out", folder])
        except SystemExit as exit:
            code = exit.code
    torch.set_grad_enabled(True)
    files = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return {"code": code, "out": out.getvalue(), "err": err.getvalue(), "files": files}


def write(out):
    runs = {}

    def keep(name, *arguments):
        runs[name] = run(os.path.join(out, name), *arguments)

    for name, (function, *options) in EXPORTS.items():
        keep(name, MODELS + ":" + function, "--check", *options)
        if runs[name]["code"] == 0:
            expect(os.path.join(out, name), function, PICKED.get(name))
    for name, (function, *options) in {**REFUSALS, **WITHOUT_CHECK}.items():
        # What an earlier export has left is not to be taken for this one's.
        os.makedirs(os.path.join(out, "refused-" + name))
        with open(os.path.join(out, "refused-" + name, "check.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        keep("refused-" + name, MODELS + ":" + function, "--check", *options)

    files(out, keep)
    with open(os.path.join(out, "runs.json"), "w", encoding="utf-8") as file:
        json.dump(runs, file, indent=1)


def files(out, keep):
    """Runs with files of the user's that are made for them."""
    folder = os.path.join(out, "scripts")
    os.makedirs(folder)

    def script(name, text):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.join(folder, name)

    script("beside_it.py", "import torch\n\n\ndef batch():\n    return torch.ones(4, 3), torch.tensor([0, 1, 0, 1])\n")
    imports = script("imports_it.py", (
        "import torch\nfrom beside_it import batch\n\n\ndef make():\n    return (torch.nn.Sequential(torch.nn.Linear(3, 2)), *batch())\n"))
    keep("imports", imports + ":make")
    keep("refused-missing", os.path.join(folder, "none.py") + ":make")
    keep("refused-no-colon", imports)
    keep("refused-syntax", script("syntax.py", "import torch\n\ndef make(:\n    pass\n") + ":make")
    keep("refused-import", script("lacks.py", "import torch\nimport there_is_no_such_module\n") + ":make")
    # Named as a module of Python's, which must stay what it is.
    keep("json", script("json.py", (
        "import torch\n\n\ndef make():\n    return torch.nn.Sequential(torch.nn.Linear(3, 2)), torch.ones(4, 3), torch.tensor([0, 1, 0, 1])\n"))
        + ":make", "--check")
    keep("again", imports + ":make", "--check")
    keep("again", imports + ":make")
    keep(os.path.join("scripts", "syntax.py"), imports + ":make")  # --out is a file


def named(inputs, model):
    """Inputs by the names of forward's arguments, where there are several."""
    if isinstance(inputs, torch.Tensor):
        return {"inputs": inputs}
    if isinstance(inputs, dict) and len(inputs) == 1:
        return {"inputs": next(iter(inputs.values()))}
    return inputs if isinstance(inputs, dict) else dict(zip(inspect.signature(model.forward).parameters, inputs))


def double(value):
    return value.detach().double().clone() if value.is_floating_point() else value.clone()


def expect(folder, function, pick):
    """The loss and v'Hv of the model made anew, for the probe that was written."""
    import exporter_models
    model, inputs, targets = getattr(exporter_models, function)()
    torch.set_grad_enabled(True)
    before = {key: double(value) for key, value in named(inputs, model).items()}
    targets = double(targets["labels"] if isinstance(targets, dict) else targets)
    model = model.double().eval()
    with open(os.path.join(folder, "check.json"), encoding="utf-8") as file:
        loss = json.load(file)["loss_function"]
    ignored = {"ignore_index": 255} if function == "segments" else {}
    probe = {key: value.double() for key, value in
             export_pytorch.read_safetensors(os.path.join(folder, "check.safetensors")).items()}
    parameters = dict(model.named_parameters())
    assert set(parameters) == set(probe), function
    arguments = [value.clone() for value in before.values()] if not isinstance(inputs, dict) else []
    keywords = dict(zip(inputs, (value.clone() for value in before.values()))) if isinstance(inputs, dict) else {}
    if loss == "model":
        keywords["labels"] = targets
    output = model(*arguments, **keywords)
    output = output if pick is None else pick(output)
    output = output.movedim(-1, 1) if function == "text" else output
    value = output if loss == "model" else {
        "cross-entropy": torch.nn.functional.cross_entropy, "mse": torch.nn.functional.mse_loss,
        "bce": torch.nn.functional.binary_cross_entropy_with_logits}[loss](output, targets, **ignored)
    gradients = torch.autograd.grad(value, list(parameters.values()), create_graph=True, allow_unused=True)
    slope = sum((g * probe[name]).sum() for name, g in zip(parameters, gradients) if g is not None)
    products = torch.autograd.grad(slope, list(parameters.values()), allow_unused=True)
    blocks = {name: 0.0 if h is None else float((h * probe[name]).sum()) for name, h in zip(parameters, products)}
    with open(os.path.join(folder, "expected.json"), "w", encoding="utf-8") as file:
        json.dump({"loss": float(value), "quadratic_form": sum(blocks.values()), "blocks": blocks}, file)
    # The batch as make() returns it, which the exporter must not have changed.
    export_pytorch.write_safetensors(os.path.join(folder, "made.safetensors"), {**before, "targets": targets})
