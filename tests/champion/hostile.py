"""Changes to a champion's folder, and what has to come of them."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from speciate.champion import load_model
from speciate.errors import DataError


def refused(folder: Path, reason: str = "") -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as caught:
            load_model(folder)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    assert len(message) < 700
    assert caught.value.exit_code == 65
    assert not (folder.parent / "sentinel").exists()


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads((folder / "model.json").read_text())
    change(value)
    (folder / "model.json").write_text(json.dumps(value))


def put_weights(folder: Path, content: bytes) -> None:
    """Other weights, with their right SHA-256."""
    (folder / "model.safetensors").write_bytes(content)
    edit(folder, lambda v: v["weights"].update(sha256=hashlib.sha256(content).hexdigest()))
