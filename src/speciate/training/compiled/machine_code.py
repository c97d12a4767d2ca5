"""How functions become machine code, and where that is kept from one process to the next."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from platformdirs import user_cache_path

from speciate.layers import dropout

settings: Any = numba.config


def _kept_in() -> str:
    """A folder named after the content of this package's files and the masks' constants, or nothing where none can be written.

    Numba notices when a function's own file changes, but not when that of a function it calls does: after an update the
    old machine code would be run.
    """
    sources = [*sorted(Path(__file__).parent.glob("*.py")), Path(dropout.__file__)]
    content = b"".join(file.read_bytes() for file in sources)
    base = Path(settings.CACHE_DIR) if settings.CACHE_DIR else user_cache_path("speciate")
    folder = base / "machine-code" / hashlib.sha256(content).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return ""
    return str(folder) if os.access(folder, os.W_OK) else ""


FOLDER = _kept_in()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, and keep the machine code.

    It runs without Python's lock. Products and sums may be fused, but nothing lets the compiler forget about infinities:
    divergence must be seen.
    """
    before, settings.CACHE_DIR = settings.CACHE_DIR, FOLDER
    try:
        make = numba.njit(cache=bool(FOLDER), nogil=True, error_model="numpy", fastmath={"contract"})
        return make(function)
    finally:
        settings.CACHE_DIR = before
