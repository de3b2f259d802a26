"""What goes wrong, in words for the user."""
import linecache
import os
import re
import sys
import sysconfig
import traceback

import torch

from ..errors import InputError

MOST_LINES = 12
# Who is said to speak: tools/export_pytorch.py has its own name.
SPEAKER = "actorhutch"
_CALL = re.compile(r"^\S+\(\d+\): \S+$")


class ExportError(InputError):
    """What cannot be written, and what to do."""


class FolderError(ExportError):
    """Where nothing can be written."""


def say(text):
    """Tells the user something that is no error."""
    print("%s: %s" % (SPEAKER, text), file=sys.stderr)


def described(error):
    """An exception of the user's code: what it says, and the last line of theirs that led to it."""
    if isinstance(error, SyntaxError):
        return "SyntaxError: %s\n  %s, line %s: %s" % (error.msg, error.filename, error.lineno, (error.text or "").strip())
    # A trace's failure lists the calls that led to it, most of them PyTorch's.
    lines = [line for line in str(error).strip().splitlines() if not _CALL.match(line)]
    if "Traceback of TorchScript" in str(error):
        lines = lines[-1:]
    if len(lines) > MOST_LINES:
        lines = lines[:MOST_LINES] + ["..."]
    text = "\n".join(lines)
    kind = type(error).__name__
    if not text.startswith(kind):
        text = kind + (": " + text if text else "")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if _is_users(frame.filename)]
    if not own:
        return text
    last = own[-1]
    number = last.lineno or 0
    line = last.line or linecache.getline(last.filename, number).strip()
    return "%s\n  %s, line %d, in %s: %s" % (text, last.filename, number, last.name, line)


def _is_users(path):
    """Whether a file is neither ours, nor PyTorch's, nor of Python or an installed package."""
    if path.startswith("<"):
        return path.startswith("<ipython") or path == "<stdin>"
    folders = [os.path.dirname(os.path.dirname(__file__)), os.path.dirname(torch.__file__), *map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))]
    path = os.path.realpath(path)
    return not any(path.startswith(os.path.realpath(folder) + os.sep) for folder in folders) and "site-packages" not in path
