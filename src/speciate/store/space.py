"""What to say about a full disk."""

from __future__ import annotations

import shutil
from pathlib import Path


def missing(folder: Path, needed: int) -> str:
    """What to do about a full disk: how many MB are missing where.

    Args:
        folder: On the disk.
        needed: Bytes that could not be written.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    lacking = max(needed - free, 100_000) / 1e6
    return f"free at least {lacking:.1f} MB on the disk of {folder} ({free / 1e6:.1f} MB are free)"
