"""Keeps finished parts of long benchmarks, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import machine


def kept(
    folder: Path, settings: dict[str, Any], part: str, work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What an earlier run has kept of this part under equal settings, or else what `work` returns now.

    The commit is kept too (`commit`): parts of one result that were measured with different code can be told apart.

    Args:
        folder: Where the parts of this benchmark lie.
        settings: Everything that decides the outcome but the code.
        part: The part's name, fit for a file.
        work: Does it.
    """
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]
    file = folder / key / f"{part}.json"
    if file.exists():
        return json.loads(file.read_text())
    commit = machine.commit()
    found = {**work(), "commit": commit}
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(json.dumps(found))
    temporary.replace(file)
    return found
