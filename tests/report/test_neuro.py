"""The report of a run without gradients: every number is the store's, and nothing breaks it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speciate import neuroevolve
from speciate.report import write_report
from speciate.report.figures.episode import EpisodeTrace, Wire, WiredNetwork, trace_panels, wires
from speciate.report.figures.species import MOST_COLUMNS, complexity, species_streams
from speciate.report.neuro import is_neuro, neuro_data, neuro_figures
from speciate.report.pages import NARROW, WIDE
from speciate.store import GenerationTable


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    search = neuroevolve("xor", population=40, generations=6, brood=15, go_on=True, runs=str(runs), name="r")
    assert search.folder is not None
    return search.folder.path


def test_the_data_are_the_stores(folder: Path) -> None:
    data = neuro_data(folder)
    assert is_neuro(folder)
    assert [table.number for table in data.tables] == list(range(6))
    assert all(table.members == 40 for table in data.tables)
    best = max(max(part.scores) for part in data.generations)
    assert data.champion is not None
    assert data.champion["valid_score"] == best
    assert data.network is not None
    assert len(data.network.wires) == data.champion["parameters"]
    found = data.tables[-1].to_json()
    assert found["members"] == 40
    assert found["worst"] <= found["median"] <= found["best"]
    assert found["steps"] == 160


def test_the_page_and_its_pictures(folder: Path) -> None:
    page = write_report(folder).read_text()
    assert {file.stem for file in (folder / "figures").glob("*.png")} == {
        "champion",
        "fitness",
        "species",
        "complexity",
    }
    for words in ("Species over time", "answers right, of 4", "6 generations of 40", "240"):
        assert words in page
    assert "<script" not in page


def test_a_generation_of_species_by_hand() -> None:
    first = GenerationTable(0, {"fitness": np.ones(4), "species": np.array([0, 0, 0, 1])})
    second = GenerationTable(1, {"fitness": np.ones(4), "species": np.array([1, 1, 2, 2])})
    drawing = species_streams([first, second], WIDE)
    areas = [mark for mark in drawing.marks if type(mark).__name__ == "Area"]
    assert len(areas) == 3
    top, bottom = 24.0, drawing.height - 46
    heights = [sorted({y for x, y in area.points if x == area.points[0][0]}) for area in areas]
    assert heights[0] == pytest.approx([bottom - 0.75 * (bottom - top), bottom])  # three of four members
    assert heights[1] == pytest.approx([top, bottom - 0.75 * (bottom - top)])
    assert "3 species in all, 2 in the last generation" in drawing.about


def test_many_generations_are_thinned() -> None:
    tables = [
        GenerationTable(
            k,
            {
                "fitness": np.ones(2),
                "species": np.array([k, k]),
                "connections": np.ones(2),
                "hidden": np.ones(2),
            },
        )
        for k in range(1000)
    ]
    assert len(species_streams(tables, NARROW).marks) < 4 * MOST_COLUMNS
    assert len(complexity(tables, NARROW).marks) < 100


def test_a_network_with_loops_is_drawn() -> None:
    places = {3: (1.0, "tanh"), 4: (0.5, "relu")}
    found = (Wire(0, 4, 1.5, False), Wire(4, 4, -1.0, True), Wire(3, 4, 0.5, True), Wire(4, 3, 2.0, False))
    drawing = wires(WiredNetwork(2, 1, places, found), WIDE)
    lines = [mark for mark in drawing.marks if type(mark).__name__ == "Polyline"]
    assert len(lines) == 4
    assert sum(bool(line.dash) for line in lines) == 2
    assert "2 inputs, 1 hidden node, 1 output, 4 connections" in drawing.about
    named = wires(WiredNetwork(2, 1, places, found), WIDE, ["x", "angle", "force"])
    texts = [mark.text for mark in named.marks if type(mark).__name__ == "Label"]
    assert sorted(texts) == ["angle", "force", "x"]


def test_a_trace_is_drawn_in_seconds() -> None:
    rows = np.stack([np.arange(50.0), np.zeros(50)], axis=1)
    drawing = trace_panels(EpisodeTrace(("x, m", "force, N"), rows, 0.02, 5, "balanced"), WIDE)
    texts = [mark.text for mark in drawing.marks if type(mark).__name__ == "Label"]
    assert {"x, m", "force, N", "seconds"} <= set(texts)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE members SET type = 'O' WHERE name = 'fitness'",
        "UPDATE members SET numbers = x'00' WHERE name = 'species'",
    ],
)
def test_damaged_numbers_are_said(statement: str, folder: Path, tmp_path: Path) -> None:
    from speciate.errors import StorageError

    copy = tmp_path / "copy"
    copy.mkdir()
    _copy_damaged(folder, copy, statement)
    with pytest.raises(StorageError, match="damaged"):
        neuro_data(copy)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run SET value = '{}' WHERE key = 'trace'",
        'UPDATE run SET value = \'{"columns": ["a"], "rows": [[1], ["x"], [null], [1, 2]]}\' WHERE key = \'trace\'',
        "UPDATE run SET value = json_set(value, '$.genome.nodes', json('[1, {}]')) WHERE key = 'champion'",
        "UPDATE run SET value = json_set(value, '$.genome.connections', json('[{\"enabled\": true}]')) WHERE key = 'champion'",
        "DELETE FROM run WHERE key = 'champion'",
        "DELETE FROM members WHERE name = 'species' AND candidate > 3",
    ],
)
def test_odd_values_are_left_out(statement: str, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    _copy_damaged(folder, copy, statement)
    data = neuro_data(copy)
    assert "fitness" in neuro_figures(data, WIDE)
    assert write_report(copy).is_file()


def _copy_damaged(folder: Path, copy: Path, statement: str) -> None:
    source, target = sqlite3.connect(folder / "run.sqlite"), sqlite3.connect(copy / "run.sqlite")
    source.backup(target)
    target.execute(statement)
    target.commit()
    source.close()
    target.close()


@pytest.mark.fault(86)
@pytest.mark.parametrize("generations", [1, 3])
@pytest.mark.parametrize("failing", [False, True])
def test_a16_captions_of_a_run_without_gradients(generations: int, failing: bool, tmp_path: Path) -> None:
    def fitness(net: Any) -> float:
        return float("nan") if failing and net([1.0])[0] > 0 else -abs(float(net([0.5])[0]))

    given = {"inputs": 1, "outputs": 1, "population": 20, "runs": str(tmp_path), "name": "r"}
    search = neuroevolve(fitness=fitness, generations=generations, **given)
    assert search.folder is not None
    data = neuro_data(search.folder.path)
    scores = [score for part in data.generations for score in part.scores]
    assert np.isfinite(scores).all()
    assert (len(scores) < generations * 20) == failing
    page = write_report(search.folder.path).read_text()
    assert "No network counts as a solution" in page
    assert "nan" not in page
    for word in ("Dashed", "grow only", "are drawn, evenly", "room for"):
        assert word not in page
