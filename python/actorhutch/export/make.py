"""Calls the user's function that makes model, inputs and targets."""
import functools
import importlib.util
import inspect
import os
import sys

from .errors import ExportError, described

MOST_NAMES = 10


def call(place):
    """What FILE.py:FUNCTION returns: model, inputs, targets, and the loss or None.

    As where Python runs the file itself, it finds modules that lie beside it.
    """
    file, _, name = place.rpartition(":")
    if not file or not name:
        raise ExportError("%s: say file.py:function." % place)
    if not os.path.isfile(file):
        raise ExportError("%s: there is no such file." % file)
    module = _imported(file)
    make = getattr(module, name, None)
    if not callable(make):
        own = [key for key, value in vars(module).items()
               if inspect.isfunction(value) and value.__module__ == module.__name__]
        shown = own[:MOST_NAMES] + (["..."] if len(own) > MOST_NAMES else [])
        raise ExportError("%s has no function %s; it has %s." % (file, name, ", ".join(shown) or "none"))
    try:
        inspect.signature(make).bind()
    except TypeError as error:
        raise ExportError("%s must be a function that is called without arguments: %s." % (place, error)) from error
    except ValueError:
        pass  # it does not tell its arguments
    made = _run(make, "%s raised" % place)
    if not isinstance(made, (tuple, list)) or len(made) not in (3, 4):
        raise ExportError("%s must return (model, inputs, targets), or these and a loss; it returned %s." % (
            place, "%d things" % len(made) if isinstance(made, (tuple, list)) else "a " + type(made).__name__))
    return tuple(made) + (None,) * (4 - len(made))


def _imported(file):
    sys.path.insert(0, os.path.dirname(os.path.realpath(file)))
    name = os.path.splitext(os.path.basename(file))[0]
    if name in sys.modules:
        name = "actorhutch_export_of_" + name  # a module of Python's or ours must stay what it is
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ExportError("%s is no Python file: its name must end in .py." % file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _run(functools.partial(spec.loader.exec_module, module), "%s cannot be imported:" % file)
    return module


def _run(function, what):
    try:
        return function()
    except SystemExit as error:
        raise ExportError(
            "%s SystemExit(%s): it ends the program. Put what is to run as a script alone under "
            "if __name__ == \"__main__\"." % (what, error.code)) from error
    except Exception as error:  # whatever it is, it is the user's
        raise ExportError("%s %s" % (what, described(error))) from error
