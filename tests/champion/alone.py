"""Runs a champion's model.py where nothing but torch and the standard library can be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ALONE = """
import runpy, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"numpy", "pandas", "sklearn", "scipy", "safetensors", "speciate"}:
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def alone(folder: Path, rows: Path) -> subprocess.CompletedProcess[str]:
    """Run model.py where nothing but torch can be imported."""
    command = [sys.executable, "-I", "-c", ALONE, str(folder / "model.py"), str(rows)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
