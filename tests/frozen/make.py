"""Made the runs in `frozen/runs`: `python -m tests.frozen.make`, run once, with version 0.1.0 (commit 96ab572).

Later versions must not make them anew: they have to go on with them as they are.

Each run is made twice, to its end and killed (SIGKILL) on the way, and what the command says of both is kept. What a run does
without is left out: figures, the report, and the files that say which process is writing. `show --json` says where the folder is;
that is replaced by the folder's place below the working directory. Nothing else is changed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cli.conftest import PROGRAM, environment
from tests.frozen.stored import FLOWERS, FROZEN, champion, fact, processor, rows

from speciate.failpoints import VARIABLE

TRAINED = [
    *("--population", "4", "--generations", "3", "--examples", "200", "--units", "4-16", "--seed", "3"),
    *("--final-examples", "200", "--finalists", "2", "--repeats", "2"),
    *("--backend", "inline", "--device", "cpu"),
]
GROWN = ["--go-on", "--seed", "3", "--backend", "inline"]

RUNS = {
    "mlp": ["run", "sklearn:iris", "--algorithm", "aging", "--crossover", "0.3", *TRAINED],
    "graph": [
        *("run", "sklearn:iris", "--space", "graph", "--algorithm", "tournament"),
        *("--inherit", "preserve", "--crossover", "0.4", *TRAINED),
    ],
    "xor": ["neat", "xor", "--population", "8", "--generations", "4", "--brood", "4", *GROWN],
    "table": [
        *("neat", "table:sklearn:iris", "--population", "10", "--generations", "4", "--brood", "5"),
        *("--finalists", "2", "--repeats", "2", *GROWN),
    ],
}
"""The commands."""

KILLED = {
    "mlp": ("evaluations-committed:1", "evaluations-uncommitted:2"),
    "graph": ("evaluations-committed:3",),
    "xor": ("candidates-committed:3",),
    "table": ("evaluations-uncommitted:3",),
}
"""Where each is killed: some networks have been asked for, and nothing is known of them. A second place: when it goes on."""

AS_IT_WAS = "mlp"
"""The one whose database is left as the kill left it, with SQLite's log beside it; that of others is written back, to be small."""

WITHOUT = ("figures", "report.html", "run.lock", "run.owner.json", "run.sqlite-shm")


def speciate(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command and wait."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=environment(OMP_NUM_THREADS="1", **env),
        capture_output=True,
        text=True,
        check=False,
    )


def settle(database: Path) -> None:
    """Write the log back into the database."""
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def shown(name: str, cwd: Path, run: Path) -> dict[str, Any]:
    """What is said of a copy of a run, so that the run itself is not even opened."""
    shutil.copytree(run, cwd / "runs" / name)
    done = speciate("show", name, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    found["folder"] = str(Path(found["folder"]).relative_to(cwd.resolve()))
    return found


def freeze(source: Path, target: Path, *, log: bool) -> None:
    """Keep what a run needs."""
    if not log:
        settle(source / "run.sqlite")
    shutil.copytree(source, target, ignore=lambda _, names: {name for name in names if name in WITHOUT})
    if not log:
        (target / "run.sqlite-wal").unlink(missing_ok=True)


def make(name: str, place: Path) -> None:
    """Make one run, whole and half."""
    target = FROZEN / name
    codes = {}
    for part in ("whole", "half"):
        (place / part).mkdir(parents=True)
        folder = place / part / "runs" / name
        for point in KILLED[name] if part == "half" else ("",):
            command = ["resume", name] if folder.exists() else [*RUNS[name], "--name", name]
            if folder.exists():
                settle(folder / "run.sqlite")
            done = speciate(*command, "--quiet", cwd=place / part, **{VARIABLE: point})
            assert done.returncode == (-signal.SIGKILL if part == "half" else 0), done.stderr
            codes[part] = done.returncode
        freeze(folder, target / part, log=(name, part) == (AS_IT_WAS, "half"))
    said: dict[str, Any] = {"processor": processor(), "champion": champion(target / "whole")}
    for part in ("whole", "half"):
        looking = place / f"looking at {part}"
        looking.mkdir()
        found = shown(name, looking, target / part)
        said[part] = {"rows": rows(looking / "runs" / name), "show": found}
        if part == "whole":
            predicted = speciate("predict", name, str(FLOWERS), cwd=looking)
            codes |= {"show": 0, "predict": predicted.returncode}
            said["predicted"] = predicted.stdout
            for command in ("report", "doctor", "resume"):
                codes[command] = speciate(command, name, cwd=looking).returncode
            assert rows(looking / "runs" / name) == said[part]["rows"]
    assert any(row[4] is None for row in said["half"]["rows"]), "nothing is pending"
    assert said["half"]["show"]["status"] == "interrupted"
    assert fact(target / "whole", "versions")["speciate"] == "0.1.0"
    said["codes"] = codes
    (target / "said.json").write_text(json.dumps(said) + "\n")


def main() -> None:
    """Make all runs, which must not be there yet."""
    if FROZEN.exists():
        raise SystemExit(f"{FROZEN} is frozen")
    os.umask(0o022)
    with tempfile.TemporaryDirectory() as place:
        for name in RUNS:
            make(name, Path(place) / name)


if __name__ == "__main__":
    main()
