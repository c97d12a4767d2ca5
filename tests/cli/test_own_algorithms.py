"""An algorithm of one's own is named in the command as module:Name, and its arguments are options."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from speciate.config import Setting, configure, from_toml, to_toml
from speciate.errors import ConfigurationError

from .conftest import shown, speciate

CLIMBER = '''
import speciate

class Climber(speciate.Algorithm):
    """A child of the best so far, generation by generation."""

    label = "hill climber"

    def __init__(self, population_size: int = 50, patience: int = 3, kinds: tuple[str, ...] = ()) -> None:
        super().__init__(population_size)
        self.patience, self.kinds = patience, kinds

    def _reset(self):
        self.best = None

    def _ask(self, index, rng):
        return self._sample(rng) if self.best is None else self._child(self.best, rng)

    def _tell(self, evaluation):
        if evaluation.ok and (self.best is None or evaluation.fitness > self.best.fitness):
            self.best = evaluation

    def _parents(self):
        return [] if self.best is None else [self.best]

number = 3
'''

SMALL = [
    *("--population", "3", "--generations", "2", "--examples", "60", "--final-examples", "60"),
    *("--finalists", "0", "--backend", "inline"),
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "climbing.py").write_text(CLIMBER)
    return tmp_path


def test_it_runs_with_options_and_is_resumed(place: Path) -> None:
    options = ["--option", "patience=5", "--option", 'kinds=["a", "b"]', "--inherit", "common"]
    flags = ["--algorithm", "climbing:Climber", *options, *SMALL, "--name", "own"]
    done = speciate("run", "sklearn:iris", *flags, cwd=place)
    assert done.returncode == 0, done.stderr
    config = tomllib.loads((place / "runs" / "own" / "run.toml").read_text())
    assert config["options"] == {"patience": 5, "kinds": ["a", "b"]}
    manifest = json.loads(next((place / "runs" / "own").glob("*.json")).read_text())
    known = manifest["identity"]["algorithm"]
    assert (known["name"], known["patience"], known["kinds"]) == ("climber", 5, ["a", "b"])
    assert known["code"]
    assert len(shown("own", place)["scores"]) == 6
    done = speciate("resume", "own", "--generations", "3", "--quiet", cwd=place)
    assert done.returncode == 0, done.stderr
    assert len(shown("own", place)["scores"]) == 9
    (place / "climbing.py").write_text(CLIMBER.replace("evaluation.fitness >", "evaluation.fitness >="))
    done = speciate("resume", "own", "--generations", "4", "--quiet", cwd=place)
    assert done.returncode == 78
    assert "other settings" in done.stderr


@pytest.mark.parametrize(
    ("flags", "code", "texts"),
    [
        (["--algorithm", "climbing:Climbr"], 78, ["has no attribute 'Climbr'", "did you mean climbing:Climber?"]),
        (["--algorithm", "climbin:Climber"], 78, ["No module named 'climbin'"]),
        (["--algorithm", "climbing:number"], 78, ["'climbing:number' is no algorithm"]),
        (["--algorithm", "climbing:Climber", "--option", "patiense=5"], 78, ["patiense is no argument of it", "did you mean patience?"]),
        (["--algorithm", "climbing:Climber", "--option", "patience=long"], 78, ["patience = 'long'", "valid integer"]),
        (["--algorithm", "climbing:Climber", "--option", "patience"], 78, ["names with values"]),
        (["--algorithm", "climbing:Climber", "--option", "population_size=4"], 78, ["a setting of its own"]),
        (["--algorithm", "climbing:Climber", "--elites", "1"], 78, ['only algorithm = "tournament" has it']),
        (["--algorithm", "local", "--option", "starts=0"], 78, ["starts must be at least 1"]),
    ],
)  # fmt: skip
def test_mistakes_are_said_before_there_is_a_folder(
    flags: list[str], code: int, texts: list[str], place: Path
) -> None:
    done = speciate("run", "sklearn:iris", *flags, *SMALL, cwd=place)
    assert done.returncode == code, done.stderr
    said = " ".join(done.stderr.split())
    assert [text for text in texts if text not in said] == []
    assert not (place / "runs").exists()


def test_options_of_our_own_algorithms_are_written_and_read(tmp_path: Path) -> None:
    given = {"data": "d.csv", "algorithm": "local", "options": {"starts": 4, "patience": 2}}
    config = configure({key: Setting(value) for key, value in given.items()})
    (tmp_path / "run.toml").write_text(to_toml(config))
    assert from_toml(tmp_path / "run.toml") == config
    (tmp_path / "table.toml").write_text('data = "d.csv"\nalgorithm = "local"\n[options]\nstartz = 4\n')
    with pytest.raises(ConfigurationError, match="startz is no argument") as caught:
        from_toml(tmp_path / "table.toml")
    assert caught.value.where == f"{tmp_path / 'table.toml'}:3"
    assert caught.value.hint == "did you mean starts?"
