"""The versions of everything that a result may depend on."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib import metadata

DECISIVE = ("speciate", "torch", "numpy", "pandas", "scikit-learn", "scipy", "numba")
"""The packages on which numbers depend."""


def versions(packages: Iterable[str] = DECISIVE) -> dict[str, str]:
    """Python's version and those of packages; "none" for what is not installed."""
    return {"python": platform.python_version(), **{name: version_of(name) for name in packages}}


def version_of(package: str) -> str:
    """A package's version, or "none": Numba does not exist for every Python and processor."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
