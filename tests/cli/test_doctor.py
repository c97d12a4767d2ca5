"""What is wrong with a run's folder is named, what can be read of it is saved, what is lost is trained again."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.inside import shown, speciate

from speciate.store import RunFolder, Store

from .conftest import results

HEIRS = ["--population", "6", "--generations", "3", "--examples", "500", "--finalists", "2", "--repeats", "2"]
SETTINGS = [
    *("sklearn:iris", "--algorithm", "tournament", *HEIRS, "--inherit", "preserve", "--crossover", "0.3"),
    *("--final-examples", "500", "--backend", "inline", "--name", "heirs", "--quiet"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    done = speciate("run", *SETTINGS, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    """A copy of the run that may be damaged."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy"


def run_of(place: Path, name: str = "heirs") -> RunFolder:
    return RunFolder(place / "runs" / name)


def champion_weights(folder: RunFolder) -> bytes:
    return (folder.champion / "model.safetensors").read_bytes()


def state(folder: RunFolder) -> dict[str, bytes]:
    """The content of every file but those that readers of a database need between each other."""
    files = [f for f in folder.path.rglob("*") if f.is_file() and not f.name.endswith(("-shm", "-wal"))]
    return {str(file.relative_to(folder.path)): file.read_bytes() for file in files}


def test_a_healthy_run(place: Path) -> None:
    before = state(run_of(place))
    done = speciate("doctor", "heirs", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["problems"], found["notes"]) == ([], [])
    assert found["champion"] == "there"
    assert found["weights"]["files"] >= 2
    assert state(run_of(place)) == before
    plain = speciate("doctor", "heirs", cwd=place)
    assert "problems" in plain.stdout
    assert "none" in plain.stdout


def test_a_finished_run_is_one_file(place: Path) -> None:
    folder = run_of(place)
    shutil.copyfile(folder.database, place / "alone.sqlite")
    store = Store(place / "alone.sqlite", readonly=True)
    assert store.get("status") == "finished"


@pytest.mark.fault(18)
def test_a_lost_champion_is_named_and_trained_again(place: Path, made: Path) -> None:
    folder = run_of(place)
    weights = shown("heirs", place)["champion"]["weights"]
    folder.weights.file(weights).unlink()
    shutil.rmtree(folder.champion)
    done = speciate("doctor", "heirs", cwd=place)
    assert done.returncode == 74
    assert f"weight file {weights[:12]} is missing; speciate resume trains it again" in " ".join(
        done.stdout.split()
    )
    assert speciate("predict", "heirs", "x.csv", cwd=place).returncode == 65
    done = speciate("resume", "heirs", "--quiet", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "restored" in {event["kind"] for event in shown("heirs", place)["events"]}
    assert champion_weights(folder) == champion_weights(run_of(made))
    assert speciate("doctor", "heirs", cwd=place).returncode == 0


@pytest.mark.fault(18)
def test_a_search_whose_weights_were_all_damaged_goes_on(place: Path) -> None:
    whole = place / "whole"
    shutil.copytree(place / "runs" / "heirs", whole / "runs" / "heirs")
    folder = run_of(place)
    for i, file in enumerate(sorted(folder.weights.path.iterdir())):
        if i % 2:
            file.unlink()
        else:
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 4
            file.write_bytes(content)
    assert speciate("doctor", "heirs", cwd=place).returncode == 74
    for at in (place, whole):
        done = speciate("resume", "heirs", "--generations", "5", "--quiet", cwd=at)
        assert done.returncode == 0, done.stderr
    assert results(shown("heirs", place)) == results(shown("heirs", whole))
    assert champion_weights(folder) == champion_weights(run_of(whole))


def test_what_cannot_be_saved_can_be_made_again(place: Path) -> None:
    folder = run_of(place)
    folder.database.write_bytes(folder.database.read_bytes()[: 2 * 4096])
    done = speciate("doctor", "heirs", "--salvage", cwd=place)
    assert done.returncode == 74
    assert "speciate run --config runs/heirs/run.toml gives the same run again" in done.said


def damage(kind: str, content: bytes) -> bytes:
    """A database that was damaged in some way."""
    page = 4096
    middle = len(content) // page // 2 * page
    match kind:
        case "a page of noise":
            return content[:middle] + random.Random(0).randbytes(page) + content[middle + page :]
        case "the end missing":
            return content[:-page]
        case "the header overwritten":
            return b"\xff" * 84 + content[84:]
    raise ValueError(kind)


@pytest.mark.fault(16)
@pytest.mark.parametrize("kind", ["a page of noise", "the end missing", "the header overwritten"])
def test_what_can_be_read_is_saved_and_goes_on_to_the_same_end(kind: str, place: Path, made: Path) -> None:
    folder = run_of(place)
    folder.database.write_bytes(damage(kind, folder.database.read_bytes()))
    before = state(folder)
    done = speciate("doctor", "heirs", cwd=place)
    assert done.returncode == 74
    assert "speciate doctor heirs --salvage" in done.said
    done = speciate("doctor", "heirs", "--salvage", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    saved: dict[str, Any] = json.loads(done.stdout)
    assert saved["salvaged"]["candidates"] > 0
    assert state(folder) == before, "the damaged run was changed"
    assert speciate("show", "heirs-salvaged", cwd=place).returncode == 0
    done = speciate("resume", "heirs-salvaged", "--quiet", cwd=place)
    assert done.returncode == 0, done.stderr
    assert results(shown("heirs-salvaged", place)) == results(shown("heirs", made))
    assert champion_weights(run_of(place, "heirs-salvaged")) == champion_weights(run_of(made))


@pytest.mark.fault(16)
@pytest.mark.parametrize("content", [b"", b"not a database" * 1000])
def test_a_file_without_anything_to_save(content: bytes, place: Path) -> None:
    folder = run_of(place)
    folder.database.write_bytes(content)
    for command in (
        ["show", "heirs"],
        ["resume", "heirs"],
        ["doctor", "heirs"],
        ["doctor", "heirs", "--salvage"],
    ):
        done = speciate(*command, cwd=place)
        assert done.returncode == 74, command
        assert "Traceback" not in done.stderr
        assert folder.database.read_bytes() == content
    assert not run_of(place, "heirs-salvaged").path.exists()


def test_what_is_to_be_salvaged_must_be_named(tmp_path: Path) -> None:
    assert speciate("doctor", "--salvage", cwd=tmp_path).returncode == 2


def test_gc_deletes_what_nobody_needs(place: Path) -> None:
    folder = run_of(place)
    needed = {file.name for file in folder.weights.path.iterdir()}
    orphan = folder.weights.path / f"{'ab' * 32}.safetensors"
    orphan.write_bytes(b"x" * 2_000_000)
    (folder.weights.path / f".{'cd' * 32}.safetensors.1.tmp").write_bytes(b"x")
    done = speciate("gc", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["heirs"]
    assert found["deleted"] >= 2
    assert found["mb"] >= 2
    assert {file.name for file in folder.weights.path.iterdir()} <= needed
    longer = speciate("resume", "heirs", "--generations", "4", "--quiet", cwd=place)
    assert longer.returncode == 0, longer.stderr
    assert "restored" not in {event["kind"] for event in shown("heirs", place)["events"]}
