"""The examples run as they are printed; those of layers, algorithms and NEAT are tested with their rooms too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import environment
from tests.forked import forks

EXAMPLES = Path(__file__).parents[1] / "examples"

RUNS = {"own_mutation": "rescaled", "own_source": "runs/rings", "training_loop": "loop"}
"""What each of them runs, and the folder of its run."""


@pytest.mark.parametrize("name", RUNS)
def test_it_runs_and_leaves_a_champion_that_needs_torch_alone(name: str, tmp_path: Path) -> None:
    done = forks().run([str(EXAMPLES / f"{name}.py")], cwd=tmp_path, env=environment())
    assert done.returncode == 0, done.stderr
    champion = tmp_path / RUNS[name] / "champion"
    assert "champion #" in done.stdout
    assert "import speciate" not in (champion / "model.py").read_text()
    assert "from speciate" not in (champion / "model.py").read_text()


def test_every_example_is_tested_somewhere() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.rglob("test_*.py"))
    assert [path.stem for path in EXAMPLES.glob("*.py") if path.stem not in tests] == []
