"""Whatever lies in a run's folder, no command harms what is elsewhere, waits for ever, or ends in anything but an exit code of the table."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.inside import Done, speciate

from speciate.store import RunFolder

SETTINGS = [
    *("sklearn:iris", "--algorithm", "tournament", "--inherit", "preserve", "--population", "4"),
    *(
        "--generations",
        "2",
        "--examples",
        "200",
        "--final-examples",
        "200",
        "--finalists",
        "1",
        "--repeats",
        "1",
    ),
    *("--backend", "inline", "--name", "it", "--quiet"),
]

LOOKING = [["ls"], ["show", "it", "--json"], ["gc", "it"]]
CHANGING = [
    ["doctor", "it"],
    ["doctor", "it", "--salvage"],
    ["gc"],
    ["predict", "it", "few.csv", "--out", "predicted.csv"],
    ["export", "it", "--out", "exported"],
    ["report", "it"],
    ["resume", "it", "--quiet"],
]
COMMANDS = [*LOOKING, *CHANGING]
CODES = {0, 65, 70, 73, 74, 75, 78}
NAME = "ab" * 32


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made")
    (place / "few.csv").write_text(
        "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,4,1\n"
    )
    done = speciate("run", *SETTINGS, cwd=place)
    assert done.returncode == 0, done.said
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "place")
    return tmp_path / "place"


@pytest.fixture
def victim(made: Path, tmp_path: Path) -> Path:
    """A folder of somebody else, with names that a run would delete or write over."""
    victim = tmp_path / "victim"
    shutil.copytree(made / "runs/it", victim)
    for name in (
        f"{NAME}.safetensors",
        "step-7.png",
        "notes.txt",
        f".{NAME}.safetensors.1.tmp",
        ".champion.1.old",
    ):
        (victim / name).write_bytes(b"precious")
    (victim / "notes.txt").chmod(0o600)
    return victim


def state(folder: Path) -> dict[str, tuple[object, ...]]:
    """Content, mode and time of every file and folder."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found[str(path)] = (status.st_mode, content, status.st_mtime_ns if content else 0)
    return found


def parts(folder: Path) -> dict[str, Path]:
    """Every place in a run's folder that something else could be in, by name."""
    run = RunFolder(folder)
    (name, *_) = sorted(run.weights.path.iterdir())
    inside = [
        name,
        run.weights.path / f"{NAME}.safetensors",
        folder / "figures/lineage.png",
        folder / ".probe",
    ]
    inside += [run.champion / file for file in ("model.json", "model.safetensors", "README.md")]
    inside += [folder / f".{part}.{os.getpid()}.tmp" for part in ("report.html", "run.toml", "champion")]
    return {str(path.relative_to(folder)): path for path in (*run.parts, *inside)}


def put_aside(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


def a_link(path: Path, victim: Path) -> None:
    whole = path.name in ("weights", "champion", "figures")
    target = victim if whole else victim / (path.name if (victim / path.name).is_file() else "notes.txt")
    path.symlink_to(target)


def a_dangling_link(path: Path, victim: Path) -> None:
    path.symlink_to(victim / "not there")


def a_pipe(path: Path, victim: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path, victim: Path) -> None:
    path.symlink_to("/dev/zero")


def a_folder(path: Path, victim: Path) -> None:
    path.mkdir() if path.name not in ("weights", "champion", "figures") else path.write_bytes(b"a file")


def a_socket(path: Path, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(path.parent)  # the name of a socket has 108 bytes at most
        made.bind(path.name)


def a_bomb(path: Path, victim: Path) -> None:
    if path.name not in ("weights", "champion", "figures"):
        with path.open("wb") as file:
            file.truncate(2**40)


KINDS: list[Callable[[Path, Path], None]] = [
    a_link,
    a_dangling_link,
    a_pipe,
    a_device,
    a_folder,
    a_socket,
    a_bomb,
]


def all_commands(place: Path) -> Iterator[tuple[list[str], Done]]:
    for command in COMMANDS:
        yield command, speciate(*command, cwd=place)


@pytest.mark.fault(45)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_b1_b2_b4_b6_whatever_is_in_the_place_of_a_part_of_a_run(
    kind: Callable[[Path, Path], None], made: Path, place: Path, victim: Path
) -> None:
    before = state(victim)
    every = CHANGING if kind is a_link else []
    names = list(parts(place / "runs/it"))[KINDS.index(kind) % 3 :: 1 if kind is a_link else 4]
    for turn, name in enumerate(names):
        shutil.rmtree(place)
        shutil.copytree(made, place)
        path = place / "runs/it" / name
        path.parent.mkdir(exist_ok=True)
        put_aside(path)
        kind(path, victim)
        for command in (*LOOKING, *every[turn % len(CHANGING) :][:1]):
            done = speciate(*command, cwd=place)
            assert done.returncode in CODES, (name, command, done.said)
            assert "unexpected" not in done.said, (name, command, done.said)
            assert state(victim) == before, (name, command)


@pytest.mark.fault(49)
def test_b8_out_is_a_device_a_pipe_a_link_or_the_input(place: Path) -> None:
    few, real, link = (place / name for name in ("few.csv", "real.csv", "link.csv"))
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    os.mkfifo(place / "pipe")
    reader = os.open(place / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        for out in ("/dev/null", "pipe", "link.csv", "new.csv"):
            done = speciate("predict", "it", "few.csv", "--out", out, cwd=place)
            assert done.returncode == 0, (out, done.said)
        assert b"prediction" in os.read(reader, 10_000)
    finally:
        os.close(reader)
    assert link.is_symlink()
    assert "prediction" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    (place / "input.csv").symlink_to(few)
    (place / "other.csv").hardlink_to(few)
    text = few.read_text()
    for out in ("few.csv", "input.csv", "other.csv", "runs/it/run.sqlite", "runs/it/champion/model.json"):
        before = state(place / "runs")
        done = speciate("predict", "it", "few.csv", "--out", out, cwd=place)
        assert done.returncode == 73, (out, done.said)
        assert (few.read_text(), state(place / "runs")) == (text, before)


@pytest.mark.fault(50)
def test_b9_only_what_this_process_made_is_deleted(place: Path) -> None:
    for name in (".model.v1.bak", ".model.1.tmp", ".model.1.old", ".model.pt2.1.tmp"):
        (place / name).mkdir()
        (place / name / "mine").touch()
    before = {path: state(path) for path in place.glob(".model*")}
    assert speciate("export", "it", "--out", "model", cwd=place).returncode == 0
    assert before == {path: state(path) for path in place.glob(".model*")}
    (place / "runs/it/champion/notes.txt").write_text("mine")
    (place / "runs/it/champion/README.md").unlink()
    assert speciate("resume", "it", "--quiet", cwd=place).returncode == 0
    assert (place / "runs/it/champion/notes.txt").read_text() == "mine"


@pytest.mark.fault(46)
def test_b3_weight_names_that_are_paths(place: Path, victim: Path) -> None:
    before = state(victim)
    for name in (str(victim / "notes"), "../../../victim/notes", NAME.upper(), "ab", f"{NAME}/../x"):
        with closing(sqlite3.connect(place / "runs/it/run.sqlite")) as db:
            db.execute("UPDATE evaluations SET weights = ? WHERE weights IS NOT NULL", (name,))
            db.commit()
        for command, done in all_commands(place):
            assert done.returncode in CODES, (name, command, done.said)
            assert "unexpected" not in done.said
            assert state(victim) == before
            if command[0] in ("resume", "gc") and command != ["gc"]:
                assert done.returncode == 74, command


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    "command",
    [["gc", "it"], ["show", "it"], ["report", "it"], ["doctor", "it"], ["predict", "it", "few.csv"]],
)
def test_b5_only_resume_connects_and_says_where(
    command: list[str], place: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = place / "runs/it/run.toml"
    settings.write_text(
        settings.read_text().replace('backend = "inline"', 'backend = "ray"\naddress = "127.0.0.1:9"')
    )
    tried: list[object] = []
    monkeypatch.setattr(
        socket, "create_connection", lambda *a, **k: tried.append(a) or (_ for _ in ()).throw(OSError("no"))
    )
    assert speciate(*command, cwd=place).returncode == 0
    assert not tried
    speciate("resume", "it", cwd=place)
    assert "127.0.0.1:9" in caplog.text


@pytest.mark.fault(48)
def test_b6_data_that_are_no_file(place: Path) -> None:
    os.mkfifo(place / "data.csv")
    for source in ("data.csv", "/dev/stdin", "/dev/zero"):
        assert speciate("predict", "it", source, cwd=place).returncode == 65
        assert speciate("run", source, "--target", "x", cwd=place).returncode == 65


@pytest.mark.fault(51)
def test_b7_a_generation_far_away(place: Path) -> None:
    with closing(sqlite3.connect(place / "runs/it/run.sqlite")) as db:
        db.execute("UPDATE candidates SET generation = 2000000000 WHERE id = 7")
        db.commit()
    for command in (["show", "it"], ["ls"], ["report", "it"]):
        assert speciate(*command, cwd=place).returncode == 0


@pytest.mark.fault(53)
def test_b12_gc_goes_on_after_an_odd_run(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(place / "runs/it", place / "runs/odd")
    (place / "runs/odd/run.toml").write_text("a = " + "[" * 3000)
    done = speciate("gc", cwd=place)
    assert done.returncode == 0
    assert "it: " in done.stdout
    assert "odd was left alone" in caplog.text
    assert "nested" in " ".join(speciate("doctor", "odd", cwd=place).said.split())


@pytest.mark.fault(54)
@pytest.mark.parametrize(
    ("fact", "value"),
    [("champion", '{"id": 3}'), ("identity", "[]"), ("versions", "5"), ("seed", '"x"'), ("status", "[]")],
)
def test_b13_facts_of_other_types_are_one_error(fact: str, value: str, place: Path) -> None:
    with closing(sqlite3.connect(place / "runs/it/run.sqlite")) as db:
        db.execute("UPDATE run SET value = ? WHERE key = ?", (value, fact))
        db.commit()
    done = speciate("doctor", "it", cwd=place)
    assert done.returncode == 74
    assert fact in done.said
    for command in (["resume", "it"], ["show", "it"], ["gc", "it"], ["report", "it"]):
        done = speciate(*command, cwd=place)
        assert done.returncode in (0, 74, 78), done.said
        assert "unexpected" not in done.said


@pytest.mark.fault(55)
def test_b17_a_place_that_is_gone_or_leads_nowhere(place: Path, made: Path) -> None:
    (place / "loop").symlink_to("loop")
    for command in (["ls"], ["show", "it"], ["gc"], ["run", "sklearn:iris"], ["doctor"]):
        done = speciate(*command, "--runs", "loop", cwd=place)
        assert done.returncode in CODES, (command, done.said)
        assert "unexpected" not in done.said, (command, done.said)
    script = 'cd gone && rmdir ../gone && exec "$@"'
    (place / "gone").mkdir()
    done = subprocess.run(
        ["sh", "-c", script, "sh", sys.executable, "-m", "speciate", "ls"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in CODES
    assert "unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.fault(52)
def test_b11_a_full_disk_at_the_lock(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("speciate.files.make_file", full)
    for command in (["resume", "it"], ["gc", "it"]):
        done = speciate(*command, cwd=place)
        assert done.returncode == 74, done.said
        assert "free at least" in done.said
