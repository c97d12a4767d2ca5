"""Describes the machine and the software that something was measured with."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.places import ROOT

VERSIONS = ("speciate", "torch", "numpy", "scipy", "optuna")


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system, versions and threads, as JSON."""
    import psutil

    from speciate.backends import available_cores

    return {
        "processor": processor(),
        "cores": available_cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "threads": _threads(),
        "versions": {name: _version(name) for name in VERSIONS},
    }


def load() -> float:
    """How many processes wanted a core during the last minute: timings are worth most when it is near 0."""
    return round(os.getloadavg()[0], 1)


def commit() -> str:
    """The commit that was measured, with a plus sign if the package was changed since."""
    try:
        found = _git("rev-parse", "--short", "HEAD")
        return found + ("+" if _git("status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def code() -> str:
    """What distinguishes the package's code from any other, committed or not."""
    changes = _git("diff", "HEAD", "--", "src") + _git("status", "--porcelain", "--", "src")
    return _git("rev-parse", "HEAD:src") + (hashlib.sha256(changes.encode()).hexdigest() if changes else "")


def line(machine: dict[str, Any]) -> str:
    """A machine in one line of Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    threads = ", ".join(f"{name} {count}" for name, count in machine["threads"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores used, {machine['memory_gib']:g} GiB, {machine['system']}; "
        f"Python {machine['python']}, {versions}; threads by default: {threads}"
    )


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    """The processor's name."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for text in information.read_text().splitlines():
            if text.startswith("model name"):
                return text.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _threads() -> dict[str, int]:
    """How many threads torch and the BLAS of NumPy take when nobody tells them otherwise."""
    import numpy as np
    import threadpoolctl
    import torch

    np.ones((2, 2)) @ np.ones((2, 2))  # loads the BLAS
    pools = {
        str(p["internal_api"]): int(p["num_threads"])
        for p in threadpoolctl.threadpool_info()
        if p["user_api"] == "blas"
    }
    return {"torch": torch.get_num_threads(), **pools, **_environment()}


def _environment() -> dict[str, int]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {name: int(os.environ[name]) for name in names if os.environ.get(name, "").isdigit()}
