"""What goes wrong, as exceptions with the program's words."""
from __future__ import annotations

from typing import Any, Optional


class Error(Exception):
    """Something went wrong, here or in the program.

    Attributes:
        exit_code: the program's exit code; None where no program ran.
        output: what the program wrote to standard error.
        result: what had been computed before, or None.
    """

    def __init__(self, message: str, exit_code: Optional[int] = None, output: str = "", result: Any = None) -> None:
        super().__init__(message)
        self.exit_code, self.output, self.result = exit_code, output, result


class InputError(Error):
    """Something is wrong with the model, the data or an option, all of which is said at once: the program's exit code 2.

    A model that cannot be exported raises ``actorhutch.export.ExportError``, which is one of these.
    """


class JobError(Error):
    """The job could not finish: the program's exit code 3, 1 where its result could not be written, or a death of its own."""


class ProgramError(Error):
    """There is no program to call, or it is none that this package can talk to."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: the program was told to stop, and has. It is a KeyboardInterrupt, so ``except Error`` lets it pass.

    Attributes:
        result: the result of what was computed until then; None where nothing was.
    """

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result
