"""Reads safetensors files with torch alone, trusting nothing that they say."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# model.py
MOST_HEADER = 16_000_000
DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


def read_weights(path: Path, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a safetensors file, if their names, types and shapes are those of `like`.

    Everything is checked before memory is taken; `like` may hold tensors on the meta device.

    Raises:
        ValueError: The file holds anything else, or numbers that are not finite.
        OSError: The file cannot be read.
    """
    total = sum(tensor.numel() * tensor.element_size() for tensor in like.values())
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
        if length > MOST_HEADER or path.stat().st_size != 8 + length + total:
            raise ValueError(f"{path.name} does not have the size of this network's weights")
        try:
            places = weight_places(json.loads(file.read(length)), like, total)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{path.name} does not hold this network's weights: {error}") from None
        tensors = {}
        for name, start in places.items():
            content = bytearray(like[name].numel() * like[name].element_size())
            file.seek(8 + length + start)
            file.readinto(content)
            flat = torch.frombuffer(content, dtype=like[name].dtype)
            tensors[name] = flat.reshape(like[name].shape).clone()  # where torch aligns it
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError(f"{path.name} holds weights that are not finite numbers")
    return tensors


def weight_places(header: Any, like: dict[str, Tensor], total: int) -> dict[str, int]:
    """Where each tensor starts, from a safetensors header; ValueError, KeyError or TypeError if it is not as expected."""
    if set(header) - {"__metadata__"} != set(like):
        raise ValueError("the names of the tensors differ")
    places, taken = {}, []
    for name, tensor in like.items():
        start, end = header[name]["data_offsets"]
        if DTYPES.get(header[name]["dtype"]) != tensor.dtype or header[name]["shape"] != list(tensor.shape):
            raise ValueError(f"tensor {name} has another type or shape")
        if end - start != tensor.numel() * tensor.element_size():
            raise ValueError(f"tensor {name} has another size")
        places[name] = start
        taken.append((start, end))
    taken.sort()
    if [0, *(end for _, end in taken)] != [*(start for start, _ in taken), total]:
        raise ValueError("the tensors overlap or leave gaps")
    return places
