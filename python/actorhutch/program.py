"""The program actorhutch: where it is, what options it has, and a run of it."""
from __future__ import annotations

import codecs
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from typing import Any, Dict, IO, List, NamedTuple, Optional, Sequence

from .errors import ProgramError
from .version import __version__

VARIABLE = "ACTORHUTCH"
_TOOL = os.path.join("~", ".dotnet", "tools", "actorhutch")
_HOW = ("In a clone of ActorHutch's repository, with the .NET 10 SDK, either make it a tool:\n"
        "    dotnet pack src/Coordinator -c Release -o packages\n"
        "    dotnet tool install --global actorhutch --source packages\n"
        "or build it, and say where it is:\n"
        "    dotnet build -c Release src/Coordinator\n"
        "    export ACTORHUTCH=$PWD/src/Coordinator/bin/Release/net10.0/actorhutch")
# An option in the help: its name, and what it takes.
_OPTION = re.compile(r"^  (?:-\w, )?--([a-z][a-z-]*)(?: (\S+))?", re.MULTILINE)
# What a terminal is told beside text: colours, and where the cursor goes.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]")
_SECONDS_FOR_AN_ANSWER = 60


class Ended(NamedTuple):
    """How a run ended: its exit code, standard output, what it wrote to standard error, and whether Ctrl-C came."""

    code: int
    output: str
    errors: str
    interrupted: bool

    @property
    def words(self) -> str:
        """What it says is wrong: the last lines of its standard error."""
        lines = [line.split("\r")[-1].rstrip() for line in _CONTROL.sub("", self.errors).replace("\r\n", "\n").split("\n")]
        said = [line for line in lines if line and not line.startswith("See actorhutch ")]
        return "\n".join(said[-40:])

    @property
    def how(self) -> str:
        """The exit code in words."""
        if self.code < 0:
            try:
                return "was ended by %s" % signal.Signals(-self.code).name
            except ValueError:
                return "was ended by the signal %d" % -self.code
        return "ended with the exit code %d" % self.code


def find() -> List[str]:
    """The command that starts the program: ``[path]``, or ``["dotnet", path]`` for a .dll.

    It is looked for in the environment variable ``ACTORHUTCH``, on ``PATH``, and among the .NET tools, in ``~/.dotnet/tools``.
    Raises ProgramError, which says how to get one, where there is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        path = os.path.expanduser(named)
        if not os.path.isfile(path):
            raise ProgramError("The environment variable %s is %s, where there is no file." % (VARIABLE, named))
        return _command(path)
    for found in (shutil.which("actorhutch"), shutil.which(os.path.expanduser(_TOOL))):
        if found:
            return [found]
    raise ProgramError("There is no program actorhutch: not in the environment variable %s, not on PATH, and not in %s.\n%s" % (
        VARIABLE, os.path.dirname(_TOOL), _HOW))


def _command(path: str) -> List[str]:
    if not path.lower().endswith(".dll"):
        return [path]
    dotnet = shutil.which("dotnet")
    if dotnet is None:
        raise ProgramError("%s is started by dotnet, which is not on PATH: install .NET 10." % path)
    return [dotnet, path]


def checked() -> List[str]:
    """The command that starts the program, which has been asked for its version. Raises ProgramError for one of another."""
    command = find()
    version = _version(tuple(command), os.path.getmtime(command[-1]))
    if version.split(".")[:2] != __version__.split(".")[:2]:
        raise ProgramError("%s has the version %s, and this package is for %s: they must have the same first two numbers." % (
            command[-1], version, __version__))
    return command


@functools.lru_cache(maxsize=None)
def _version(command: Sequence[str], _changed: float) -> str:
    answer = _answer(command, "--version").strip()
    if not re.match(r"\d+\.\d+", answer):
        raise ProgramError("%s is no program actorhutch: asked for its version, it says %r." % (command[-1], answer[:200]))
    return answer


def options(kind: str) -> Dict[str, Optional[str]]:
    """The options of a command of the program, such as ``estimate``, by their names without dashes before them.

    Values are what the help says that an option takes, such as ``"N|auto"``; None for one that takes nothing.
    """
    command = checked()
    return _options(tuple(command), os.path.getmtime(command[-1]), kind)


@functools.lru_cache(maxsize=None)
def _options(command: Sequence[str], _changed: float, kind: str) -> Dict[str, Optional[str]]:
    names = {name: takes or None for name, takes in _OPTION.findall(_answer(command, kind, "--help"))}
    if "json" not in names:
        raise ProgramError("%s has no command %s." % (command[-1], kind))
    return names


def _answer(command: Sequence[str], *arguments: str) -> str:
    try:
        asked = subprocess.run([*command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               timeout=_SECONDS_FOR_AN_ANSWER, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError("%s cannot be run: %s" % (command[-1], error)) from error
    ended = Ended(asked.returncode, _text(asked.stdout), _text(asked.stderr), False)
    if ended.code != 0:
        raise ProgramError("%s %s %s.\n%s" % (command[-1], " ".join(arguments), ended.how, ended.words), ended.code, ended.errors)
    return ended.output


def run(arguments: Sequence[str]) -> Ended:
    """Runs the program. What it writes to standard error is shown as it comes, its live view on a terminal too.

    With Ctrl-C it is told to stop, and waited for; with another, to stop at once.
    """
    terminal = _terminal()
    try:
        # The program shows its view where its input is a terminal as well; on this one nobody types.
        process = subprocess.Popen([*checked(), *arguments], stdin=subprocess.DEVNULL if terminal is None else terminal[1],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE if terminal is None else terminal[1])
    except OSError as error:
        _close(terminal)
        raise ProgramError("The program cannot be run: %s" % error) from error
    if terminal is not None:
        os.close(terminal[1])
    output: List[bytes] = []
    errors: List[bytes] = []
    readers = [threading.Thread(target=_read, args=(process.stdout.fileno(), output, None), daemon=True),  # type: ignore[union-attr]
               threading.Thread(target=_read, daemon=True, args=(
                   process.stderr.fileno() if terminal is None else terminal[0], errors, sys.stderr))]  # type: ignore[union-attr]
    interrupted = False
    try:
        for reader in readers:
            reader.start()
        while True:
            try:
                process.wait()
                for reader in readers:
                    reader.join()
                break
            except KeyboardInterrupt:
                # On a terminal the program has had it as well: two at once are one for it, and one that comes later ends it at once.
                interrupted = True
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
    finally:
        if process.poll() is None:  # something else was raised here
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if terminal is not None:
            os.close(terminal[0])
    return Ended(process.returncode, _text(b"".join(output)), _text(b"".join(errors)), interrupted)


def _read(descriptor: int, into: List[bytes], shown: Optional[IO[str]]) -> None:
    """Reads to the end, and shows what comes."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # a terminal's other end is closed
            return
        if not part:
            return
        into.append(part)
        if shown is not None:
            try:
                shown.write(decoder.decode(part))
                shown.flush()
            except (OSError, ValueError):  # nobody sees it any more; the run goes on
                shown = None


def _terminal() -> Any:
    """Two ends of a terminal for the program's view, as wide as the one that shows it; None where nothing is shown on one."""
    try:
        if not sys.stderr.isatty():
            return None
        import fcntl
        import pty
        import termios
        import tty
        ours, program = pty.openpty()
        tty.setraw(program)
        fcntl.ioctl(program, termios.TIOCSWINSZ, fcntl.ioctl(sys.stderr.fileno(), termios.TIOCGWINSZ, b"\0" * 8))
        return ours, program
    except (AttributeError, ImportError, OSError, ValueError):  # no terminal, or none of this kind, as on Windows
        return None


def _close(terminal: Any) -> None:
    for end in terminal or ():
        os.close(end)


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def arguments(kind: str, given: Dict[str, Any]) -> List[str]:
    """A command line's options from keyword arguments, such as ``--probe-space output`` for ``probe_space="output"``.

    Raises TypeError for a name that the command does not have, as Python does for its own functions.
    """
    known = options(kind)
    line: List[str] = []
    for key, value in given.items():
        name = key.rstrip("_").replace("_", "-")
        if name not in known:
            import difflib
            near = difflib.get_close_matches(name, known, 1)
            raise TypeError("%s has no option %s%s" % (
                kind, key, ": did you mean %s?" % near[0].replace("-", "_") if near else "."))
        if value is None:
            continue
        if known[name] is None:
            if not isinstance(value, bool):
                raise TypeError("The option %s is True or False, and not %r." % (key, value))
            line += ["--" + name] if value else []
        else:
            # In one word, so that a value that begins with a dash is not taken for an option.
            line.append("--%s=%s" % (name, _written(value)))
    return line


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "tolist"):  # a tensor or an array
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return ",".join(map(_written, value))
    if isinstance(value, os.PathLike):
        return os.fspath(value)  # type: ignore[no-any-return]
    return str(value).replace("torch.", "", 1) if type(value).__module__ == "torch" else str(value)
