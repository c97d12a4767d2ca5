"""Looking at a long run, and resuming one that has no more to do, reads its candidates once and draws what has changed."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from speciate import evolve
from speciate.backends import InlineBackend
from speciate.cli.running import conduct
from speciate.config import resume
from speciate.errors import StorageError
from speciate.records import Cost, Evaluation, Phase, Status
from speciate.report import write_report
from speciate.store import Row, RunFolder, RunSummary, Store
from speciate.store.rows import ROWS
from speciate.store.values import LARGEST, sound_row

COUNT = 300


class Instant(InlineBackend):
    """Gives every candidate of the search a score without training it."""

    def wait(self) -> list[Evaluation]:
        """All that were submitted."""
        if self._queue[0].phase is not Phase.SEARCH:
            return super().wait()
        done = [
            Evaluation(c, Status.OK, 0.3 + c.seed % 89 / 200, {}, Cost(100, 100, 0.01), 9, engine="compiled")
            for c in self._queue
        ]
        self._queue.clear()
        return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A finished run of 300 candidates, with its report."""
    runs, small = tmp_path_factory.mktemp("long"), {"examples": 50, "final_examples": 50, "finalists": 1}
    evolve(
        "sklearn:iris",
        population=20,
        generations=1,
        repeats=1,
        name="it",
        runs=str(runs),
        backend="inline",
        **small,
    )
    folder = RunFolder(runs / "it")
    _, search = resume(folder, generations=COUNT // 20)
    search.backend = Instant()
    search.run(generations=COUNT // 20)
    write_report(folder.path)
    return folder


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often all candidates were read, how many genomes were parsed, how many pictures were drawn."""
    found: Counter[str] = Counter()
    select, page = Store._select, __import__("speciate.report.pages", fromlist=["png"])
    png, drawn = page.png, lambda *given: found.update(["pictures"]) or png(*given)

    def counted(store: Store, query: str, *given: object) -> list[sqlite3.Row]:
        rows = select(store, query, *given)
        found.update({"queries": 1, "reads": int(query == ROWS and len(rows) >= COUNT)})
        return rows

    def parsed(text: str) -> object:
        found["genomes"] += 1
        return json.loads(text)

    monkeypatch.setattr(Store, "_select", counted)
    monkeypatch.setattr("speciate.store.rows.json", SimpleNamespace(loads=parsed, dumps=json.dumps))
    monkeypatch.setattr(page, "png", drawn)
    return found


def test_a_long_run_is_shown_with_one_read_and_no_genome(folder: RunFolder, counts: Counter[str]) -> None:
    shown = RunSummary.read(folder).to_json()
    assert shown["evaluations"] == len(shown["scores"]) == COUNT
    assert (counts["reads"], counts["genomes"], counts["pictures"]) == (1, 0, 0)
    assert counts["queries"] < 10


def test_a_report_draws_the_pictures_that_are_not_there(folder: RunFolder, counts: Counter[str]) -> None:
    figures = sorted((folder.path / "figures").glob("*.png"))
    before = {file: file.read_bytes() for file in figures}
    lineage = len({row.id for row in RunSummary.read(folder).rows if row.phase == Phase.SEARCH})
    counts.clear()
    write_report(folder.path)
    assert (counts["reads"], counts["pictures"]) == (1, 0)
    assert counts["genomes"] < lineage / 4  # those of the champion's lineage
    first, second, *_ = figures
    first.write_bytes(before[first][:-200] + bytes(100) + before[first][-100:])
    second.unlink()
    write_report(folder.path)
    assert counts["pictures"] == 2
    assert {file: file.read_bytes() for file in figures} == before


@pytest.mark.parametrize("quiet", [False, True])
def test_a_resume_that_adds_nothing_reads_the_candidates_once(
    folder: RunFolder, counts: Counter[str], quiet: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    before = RunSummary.read(folder)
    counts.clear()
    conduct(lambda watch: resume(folder, watch), quiet=quiet, json=False)
    assert ("nothing is added" in "".join(capsys.readouterr())) is not quiet
    assert (counts["reads"], counts["pictures"]) == (1, 0)
    assert counts["genomes"] < COUNT / 4
    assert counts["queries"] < 60
    assert RunSummary.read(folder).rows == before.rows


@pytest.mark.parametrize("text", ['{"nodes":', "[1]", "3", "", b"\x00", '{"a": NaN}'])
def test_a_genome_that_is_none_is_told_though_nobody_asks_for_it(
    folder: RunFolder, tmp_path: Path, text: str | bytes
) -> None:
    copy = RunFolder(tmp_path)
    copy.database.write_bytes(folder.database.read_bytes())
    with sqlite3.connect(copy.database) as db:
        db.execute(
            "UPDATE genomes SET json = ? WHERE key = (SELECT genome FROM candidates WHERE id = 77)", (text,)
        )
    with pytest.raises(StorageError, match="candidate 77: its genome is no JSON object"):
        RunSummary.read(copy)


ODD = [
    None,
    "x",
    b"x",
    7,
    -1,
    2**70,
    0.5,
    -0.5,
    math.nan,
    math.inf,
    -math.inf,
    1e120,
    1e300,
    True,
    (),
    (1, "x"),
    {},
    {"a": math.nan},
    [1],
]


@pytest.mark.parametrize("largest", [LARGEST, math.inf])
def test_rows_that_pass_unchanged_are_those_that_need_no_change(
    folder: RunFolder, largest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = RunSummary.read(folder).rows[25]
    assert sound_row(row, largest) is row
    names = [
        f.name for f in fields(Row) if f.name not in ("form", "sources", "best_form", "size", "is_slice")
    ]
    rows = [
        replace(row, **{name: value})
        for name in names
        for value in ODD
        if name != "parents" or type(value) is tuple
    ]
    rows += [replace(made, status="diverged") for made in rows]
    found = [sound_row(made, largest) for made in rows]
    monkeypatch.setattr("speciate.store.values._TYPES", frozenset())  # so that each is looked at in full
    assert [repr(made) for made in found] == [repr(sound_row(made, largest)) for made in rows]
    assert 0 < sum(made is given for made, given in zip(found, rows, strict=True)) < len(rows) / 2
