"""The files that are written."""
import contextlib
import ctypes
import json
import os
import shutil
import struct
import sys
import tempfile
from typing import Dict, Optional, Union

import torch

from .errors import ExportError, FolderError

CHECK, CHECK_PROBE = "check.json", "check.safetensors"

# Where a file or a folder is.
Path = Union[str, "os.PathLike[str]"]

_NAMES = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
          torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}


def write_safetensors(path: Path, tensors: Dict[str, torch.Tensor], metadata: Optional[Dict[str, str]] = None) -> None:
    """Writes tensors by name in the format safetensors: length of a header, the header in JSON, the elements."""
    header: Dict[str, object] = {}
    parts, at = [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        if tensor.dtype not in _NAMES:
            raise ExportError("%s is %s, which is not written: convert it in make()." % (name, word(tensor.dtype)))
        part = _bytes(tensor)
        header[name] = {
            "dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


def read_safetensors(path: Path) -> Dict[str, torch.Tensor]:
    """The tensors of a file that write_safetensors wrote, by name."""
    types = {name: dtype for dtype, name in _NAMES.items()}
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    tensors = {}
    for name, entry in json.loads(content[8:8 + length].decode("utf-8")).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        stored = torch.frombuffer(bytearray(content[begin:end]), dtype=torch.uint8) if begin < end else torch.empty(0, dtype=torch.uint8)
        dtype = types[entry["dtype"]]
        tensors[name] = _in_order(stored, torch.empty(0, dtype=dtype).element_size()).view(dtype).reshape(entry["shape"])
    return tensors


@contextlib.contextmanager
def all_or_none(directory):
    """A folder to write into, whose files are moved into the directory once nothing was raised.

    A check of an earlier export is removed with the model that it belonged to.
    """
    try:
        os.makedirs(directory, exist_ok=True)
        staged = tempfile.mkdtemp(prefix=".export-", dir=directory)
    except OSError as error:
        raise FolderError("%s must be a folder that can be written to: %s" % (directory, error.strerror)) from error
    try:
        yield staged
        names = os.listdir(staged)
        for name in names:
            os.replace(os.path.join(staged, name), os.path.join(directory, name))
        for stale in {CHECK, CHECK_PROBE} - set(names):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(directory, stale))
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def word(dtype):
    """A number type's name, without its module."""
    return str(dtype).replace("torch.", "")


def _bytes(tensor):
    """The elements, little-endian, without numpy, which PyTorch may lack."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    stored = _in_order(flat.view(torch.uint8), flat.element_size())
    return ctypes.string_at(stored.data_ptr(), stored.numel()) if stored.numel() > 0 else b""


def _in_order(stored, size):
    """Bytes of elements as this machine has them, from little-endian ones, or the other way round."""
    return stored if sys.byteorder == "little" else stored.reshape(-1, size).flip(1).reshape(-1).contiguous()
