"""What the command writes where letters cannot be encoded, and where a terminal would obey them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.cli.conftest import PROGRAM, environment
from tests.report.small_reports import finished

from speciate.cli.main import command
from speciate.terminal import print_json, print_lines, write

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mclass\x08\x7f\u202etxt"
CONTROLS = [sign for sign in HOSTILE if not sign.isprintable()]


class Terminal(io.TextIOWrapper):
    """Standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replaces standard output and error: kind and encoding to what was written."""

    def replaced(kind: type[io.TextIOWrapper], encoding: str = "utf-8") -> Any:
        raw = {name: io.BytesIO() for name in ("stdout", "stderr")}
        made = {name: kind(file, encoding=encoding) for name, file in raw.items()}
        for name, stream in made.items():
            monkeypatch.setattr(sys, name, stream)

        def text() -> str:
            for stream in made.values():
                stream.flush()
            return "".join(file.getvalue().decode(encoding) for file in raw.values())

        return text

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    return replaced


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose name, data, baselines, operators and errors are a stranger's, with letters of all kinds."""
    facts = {"name": HOSTILE, "source": f"ü{HOSTILE}.csv", "target": HOSTILE, "classes": [HOSTILE, "日本"]}
    run = finished(
        tmp_path / "runs" / "r\x1b[31mé", data={**facts, "task": "classification", "metric": "accuracy"}
    )
    run.add(None, status="error", error=HOSTILE, operator=HOSTILE)
    run.baseline(f"Größe {HOSTILE}", 0.9, 0.9)
    run.store.event("note", HOSTILE)
    monkeypatch.chdir(tmp_path)
    return run.close()


COMMANDS: list[list[str]] = [
    ["ls"],
    ["show", "RUN"],
    ["show", "RUN", "--json"],
    ["ls", "--json"],
    ["report", "RUN"],
    ["doctor", "RUN"],
    ["predict", "RUN", "nothing\x1b[31mé.csv"],
    ["export", "RUN"],
    ["gc", "--runs", "runs"],
    ["resume", "RUN"],
    ["run", "nothing\x1b[31mé.csv"],
    ["show", "no\x1b[31mé"],
]


@pytest.mark.fault(88)
@pytest.mark.parametrize(
    "given", COMMANDS, ids=lambda given: " ".join(given).encode("ascii", "replace").decode()
)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_b19_no_command_ends_for_a_letter_or_obeys_one(
    given: list[str], encoding: str, hostile: Path, streams: Any
) -> None:
    written = streams(Terminal, encoding)
    code = command([str(hostile) if part == "RUN" else part for part in given])
    text = written()
    assert code in (0, 65, 73, 74, 78)
    assert "unexpected" not in text
    hostile_parts = ("\x1b]0", "\x1b[2J", "\x9b", "\x07", "\x08", "\x7f", "\u202e", "\x1b[31mé", "r\x1b[31m")
    assert not [part for part in hostile_parts if part in text]


@pytest.mark.fault(88)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_b19_json_is_whole_in_any_encoding(encoding: str, streams: Any) -> None:
    value = {"class": "日本 é", "hidden": HOSTILE.replace("\u202e", "")}
    for kind in (Terminal, io.TextIOWrapper):
        written = streams(kind, encoding)
        print_json(value)
        assert json.loads(written()) == value


@pytest.mark.fault(88)
def test_b19_text_for_a_file_is_left_as_it_is(streams: Any) -> None:
    written = streams(io.TextIOWrapper)
    write(HOSTILE)
    assert written() == HOSTILE
    written = streams(Terminal)
    write(HOSTILE + "\n")
    print_lines([HOSTILE])
    assert not set(CONTROLS) & set(written())


@pytest.mark.fault(88)
def test_b19_predictions(streams: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    formula = "=cmd()"
    table = pd.DataFrame({"prediction": [HOSTILE, "é", formula], f"probability_{HOSTILE}": [0.5, 0.5, 0.5]})
    folder = tmp_path / "champion"
    folder.mkdir()

    class Model:
        def predict_table(self, data: object, encoding: str | None) -> pd.DataFrame:
            return table

    monkeypatch.setattr("speciate.champion.load_model", lambda path: Model())
    monkeypatch.setattr("speciate.store.find_champion", lambda run, runs: folder)
    written = streams(Terminal)
    assert command(["predict", "c", "rows.csv"]) == 0
    assert not set(CONTROLS) & set(written())
    written = streams(Terminal, "ascii")
    assert command(["predict", "c", "rows.csv"]) == 0
    assert "?,0.5" in written()
    streams(Terminal, "ascii")
    assert command(["predict", "c", "rows.csv", "--out", str(tmp_path / "p.csv")]) == 0
    assert (tmp_path / "p.csv").read_text("utf-8") == table.to_csv(index=False)
    assert f"\n{formula},0.5" in (tmp_path / "p.csv").read_text("utf-8")


@pytest.mark.fault(88)
def test_b19_the_command_itself_on_an_ascii_stream(hostile: Path) -> None:
    env = environment(PYTHONIOENCODING="ascii", LANG="C")
    given = [
        *PROGRAM,
        "show",
        str(hostile),
    ]  # a process of its own, whose streams are made by the interpreter
    done = subprocess.run(given, env=env, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "Gr??e" in done.stdout
