"""Makes the frozen database of the current schema: `python -m tests.store.freeze`, once, when the schema is new.

A run of a few networks with a final and a champion, as this version writes it. Later versions have to read it as it is.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from speciate import evolve
from speciate.store.schema import VERSION

FROZEN = Path(__file__).parent / "frozen"


def main() -> None:
    """Write `frozen/schema-N.sqlite`, which must not be there yet."""
    target = FROZEN / f"schema-{VERSION}.sqlite"
    if target.exists():
        raise SystemExit(f"{target} is frozen")
    settings = {"population": 4, "generations": 2, "examples": 200, "final_examples": 200}
    with tempfile.TemporaryDirectory() as runs:
        search = evolve("sklearn:iris", **settings, finalists=2, repeats=2, name="frozen", runs=runs)
        assert search.folder is not None
        search.store.close()
        db = sqlite3.connect(search.folder.database)
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("VACUUM")
        db.close()
        FROZEN.mkdir(exist_ok=True)
        target.write_bytes(search.folder.database.read_bytes())


if __name__ == "__main__":
    main()
