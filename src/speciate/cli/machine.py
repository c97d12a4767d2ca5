"""What this machine has: versions, cores, memory, accelerator, disk."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from speciate.backends import available_cores

PACKAGES = ("speciate", "torch", "numpy", "pandas", "scikit-learn", "scipy", "pydantic", "typer", "rich")
OPTIONAL = ("pyarrow", "pillow")
GIB = 2**30


def examine(runs: Path) -> dict[str, Any]:
    """Facts about this machine by name, of JSON types only.

    Args:
        runs: The folder of all runs; it need not exist.
    """
    import torch

    memory = psutil.virtual_memory()
    existing = next(folder for folder in (runs.resolve(), *runs.resolve().parents) if folder.exists())
    return {
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "optional": {name: _version(name) for name in OPTIONAL},
        "cores": {
            "usable": available_cores(),
            "physical": psutil.cpu_count(logical=False),
            "logical": os.cpu_count(),
        },
        "memory": {
            "total_gib": round(memory.total / GIB, 1),
            "available_gib": round(memory.available / GIB, 1),
        },
        "accelerator": _accelerator(torch),
        "torch_threads": torch.get_num_threads(),
        "disk": {
            "folder": str(existing),
            "free_gib": round(shutil.disk_usage(existing).free / GIB, 1),
            "writable": os.access(existing, os.W_OK),
        },
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _accelerator(torch: Any) -> str:
    if torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name(0)}"
    return "mps" if torch.backends.mps.is_available() else "none: networks are trained on the CPU"
