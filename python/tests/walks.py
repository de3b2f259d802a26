"""The walks in docs/walks: pages of Python with what it prints below, as a notebook has it.

ACTORHUTCH_WRITE_WALKS=1 with test_walks.WalkTests writes what was printed into the pages, for somebody to read.
"""
import contextlib
import glob
import io
import os
import re
import shutil
import tempfile

from support import ROOT, environment

# A block of code, and what it prints, if anything.
CELL = re.compile(r"(```python\n)(.*?)(```\n)(?:\n```text\n(.*?)```\n)?", re.DOTALL)
# What a page says of its numbers.
TOLERANCE = re.compile(r"may differ from what stands here by (\d+(?:\.\d+)?) %")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def pages():
    """The pages' paths."""
    return sorted(path for path in glob.glob(os.path.join(ROOT, "docs", "walks", "*.md")) if os.path.basename(path) != "README.md")


def tolerance(text):
    """The relative difference that a page allows each of its numbers."""
    said = TOLERANCE.search(text)
    if not said:
        raise ValueError("The page does not say by how much its numbers may differ.")
    return float(said.group(1)) / 100


def difference(expected, printed, relative):
    """What is other in what was printed; None where nothing is.

    Words, spaces and whole numbers must be the same; other numbers may differ by the relative tolerance, and by one unit of their last digit.
    """
    lines, found = expected.splitlines(), printed.splitlines()
    if len(lines) != len(found):
        return "%d lines are printed, and %d stand there" % (len(found), len(lines))
    for line, other in zip(lines, found):
        numbers, others = NUMBER.findall(line), NUMBER.findall(other)
        same = NUMBER.sub("#", line) == NUMBER.sub("#", other) and len(line) == len(other)
        if not same or not all(_close(one, two, relative) for one, two in zip(numbers, others)):
            return "%r is printed, and %r stands there" % (other, line)
    return None


def _close(expected, printed, relative):
    if not re.search("[.e]", expected):
        return expected == printed
    mantissa, _, exponent = expected.partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    one, other = float(expected), float(printed)
    # The unit's own rounding in binary is far below a thousandth of it.
    return abs(one - other) <= relative * abs(one) + 1.001 * unit


def run(text, place):
    """Runs a page's blocks in one namespace, in an empty folder; yields each block's match and what it printed."""
    names, folder, before = {"__name__": "__main__"}, tempfile.mkdtemp(), os.getcwd()
    os.chdir(folder)
    try:
        # A page calls the program by its name.
        with environment(PATH=os.pathsep.join([os.path.dirname(os.environ["ACTORHUTCH"]), os.environ["PATH"]])):
            for cell in CELL.finditer(text):
                line = text.count("\n", 0, cell.start(2))
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    exec(compile("\n" * line + cell.group(2), place, "exec"), names)
                yield cell, printed.getvalue()
    finally:
        os.chdir(before)
        shutil.rmtree(folder)


def written(text, printed):
    """The page with what its blocks printed."""
    outputs = iter(printed)
    return CELL.sub(lambda cell: "".join(cell.group(1, 2, 3)) + _output(next(outputs)), text)


def _output(printed):
    return "\n```text\n%s```\n" % printed if printed else ""
