"""Every place where something becomes permanent is visited by a crash, one process for each, forked from one that is warm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DRIVER = """
import json, os, sys
from pathlib import Path
import speciate.crashing
from tests.faults.test_power_loss import heirs
from tests.test_search import results

def whole(folder):  # a run that is prolonged, so that what follows the search is taken back and done again
    heirs(folder).run(generations=1)
    return heirs(folder).run(generations=2)

def child(act):
    number = os.fork()
    if number == 0:
        try:
            act()
        except BaseException as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])

def note(folder, name):
    search = whole(folder)
    champion = (folder / "champion" / "model.safetensors").read_bytes().hex()
    Path(name).write_text(json.dumps([results(search), search.champion.to_json(), champion]))

base = Path(sys.argv[1])
child(lambda: note(base / "whole", base / "whole.json"))
found = {}
for point in sys.argv[2:]:
    def crash(point=point):
        os.environ[speciate.crashing.VARIABLE] = point
        whole(base / point)
    died = child(crash)
    resumed = child(lambda: note(base / point, base / f"{point}.json"))
    same = resumed == 0 and (base / f"{point}.json").read_text() == (base / "whole.json").read_text()
    found[point] = [died, resumed, same]
print(json.dumps(found))
"""

ELSEWHERE = {"rows"}
"""Transactions that only a copy of a damaged run makes, which is made anew if it is not complete."""


def points() -> list[str]:
    """Every crash point that a run passes, as the code names them."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "src" / "speciate").rglob("*.py")))
    transactions = set(re.findall(r'_transaction\("(\w+)"', text)) - ELSEWHERE
    single = set(re.findall(r'crash_point\("([\w-]+)"\)', text))
    return sorted(single | {f"{name}-{end}" for name in transactions for end in ("uncommitted", "committed")})


@pytest.mark.slow
@pytest.mark.fault(1)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_crash_anywhere_changes_nothing(tmp_path: Path) -> None:
    names = points()
    assert len(names) >= 16
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), *names],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {name: [-9, 0, True] for name in names}, done.stderr
