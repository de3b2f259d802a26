"""python3 -m actorhutch export mine.py:make --out DIR is the exporter, tools/export_pytorch.py by another name."""
import sys

from .export import errors
from .export.command import main

if __name__ == "__main__":
    if sys.argv[1:2] != ["export"]:
        print("python3 -m actorhutch export FILE.py:FUNCTION --out DIR writes a model and its data; --help has the options.\n"
              "To compute with them, run the program actorhutch.", file=sys.stderr)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    errors.SPEAKER = "actorhutch export"
    sys.exit(main(sys.argv[2:], "python3 -m actorhutch export"))
