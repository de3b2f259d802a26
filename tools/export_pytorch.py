#!/usr/bin/env python3
"""Writes a PyTorch model and a batch as files that ActorHutch reads: export_pytorch.py my_module.py:make --out DIR [--check]

The exporter is in python/actorhutch/export, which this finds; --help has it all. It needs PyTorch 1.13 or later, and nothing else.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), os.pardir, "python"))
from actorhutch.export import (  # noqa: E402
    ExportError, Loss, errors, export, export_check, export_graph, export_layers, export_torchscript, read_safetensors,
    write_safetensors)
from actorhutch.export.command import main  # noqa: E402

__all__ = ["ExportError", "Loss", "export", "export_check", "export_graph", "export_layers", "export_torchscript", "main",
           "read_safetensors", "write_safetensors"]

errors.SPEAKER = "export_pytorch"

if __name__ == "__main__":
    sys.exit(main())
