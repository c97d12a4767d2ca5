"""Comparisons: paired by seed, worked out by hand; what is unfinished is listed."""

from __future__ import annotations

import json
import math

import pytest

from speciate.errors import StorageError
from speciate.report import comparison, comparison_json, comparison_lines, write_comparison

SCORES = {"aging": (0.90, 0.92, 0.94), "random": (0.89, 0.88, 0.93)}


@pytest.fixture
def compared(tmp_path, whole):
    """Two algorithms with three seeds each; the differences of random to aging are -1, -4 and -1 points."""
    folder = tmp_path / "duel"
    for name, scores in SCORES.items():
        for seed, score in enumerate(scores):
            started = f"2026-01-01T00:0{list(SCORES).index(name)}:00.000+00:00"
            run = whole(
                folder / f"{name}-{seed}", {"test": score}, seed=seed, algorithm=name, created=started
            )
            run.close()
    return folder


def test_means_and_paired_differences_by_hand(compared):
    found = comparison_json(compared)
    assert found["reference"] == "aging"
    aging = found["algorithms"]["aging"]
    assert aging["n"] == 3
    assert aging["test_score"]["mean"] == pytest.approx(0.92)
    assert aging["test_score"]["sd"] == pytest.approx(0.02)
    # t(0.975, 2) = 4.302653
    turn = 4.302653 * 0.02 / math.sqrt(3) / 2 / math.sqrt(0.92 * 0.08)
    high = math.sin(math.asin(math.sqrt(0.92)) + turn) ** 2
    assert aging["test_score"]["high"] == pytest.approx(high, abs=1e-6)
    assert aging["valid_score"]["mean"] == pytest.approx(0.79)
    assert aging["networks_trained"]["mean"] == 13
    assert aging["examples_seen"]["mean"] == 14_000
    pair = found["differences"]["random"]["test_score"]
    assert pair["difference"]["mean"] == pytest.approx(-0.02)
    assert pair["difference"]["sd"] == pytest.approx(math.sqrt(3) / 100)
    assert pair["effect"] == pytest.approx(-2 / math.sqrt(3))
    assert pair["effect_size"] == "large"
    assert (pair["wins"], pair["losses"]) == (0, 3)
    # t = -2 on 2 degrees of freedom
    assert pair["t_p"] == pytest.approx(0.183503, abs=1e-6)
    assert pair["wilcoxon_p"] == pytest.approx(0.25)
    json.dumps(found, allow_nan=False)


def test_time_is_kept_apart(compared):
    found = comparison_json(compared)
    assert found.pop("timing")["aging"]["seconds"]["mean"] == 12.5
    assert "seconds" not in json.dumps(found)


def test_the_order_is_that_of_the_plan_or_of_the_caller(compared):
    assert [g.algorithm for g in comparison(compared).groups] == ["aging", "random"]
    (compared / "compare.toml").write_text('algorithms = ["random", "aging"]\nseeds = 4\n')
    found = comparison(compared)
    assert [g.algorithm for g in found.groups] == ["random", "aging"]
    assert found.groups[0].runs[3].problem == "not begun"
    assert comparison(compared, ["aging"]).groups[0].algorithm == "aging"


def test_unfinished_runs_are_listed_and_their_seeds_not_paired(compared, whole, make):
    whole(compared / "random-3", {"test": 0.1}).close()
    whole(compared / "random-4", {"test": 0.1}, status="interrupted").close()
    make(compared / "aging-5", status="failed").close()
    (compared / "aging-6").mkdir()
    (compared / "aging-6" / "run.sqlite").write_bytes(b"this is no database" * 100)
    found = comparison(compared)
    problems = {run.folder: run.problem for group in found.groups for run in group.runs if run.problem}
    assert set(problems) == {"random-4", "aging-5", "aging-6"}
    assert problems["random-4"] == "interrupted"
    (contrast,) = found.contrasts
    assert (contrast.seeds, contrast.unpaired) == ((0, 1, 2), (3,))
    page = write_comparison(compared).read_text()
    assert "random-4" in page
    assert "aging-6" in page
    text = "\n".join(comparison_lines(compared))
    assert "not counted: aging-5 (failed)" in text
    assert "seed 3" in text


def test_runs_with_other_settings_are_no_fair_comparison(compared, whole):
    whole(compared / "random-3", identity={"examples": 5, "finalists": 2}).close()
    assert comparison(compared).differing == ("examples",)
    assert "not a fair comparison" in "\n".join(comparison_lines(compared))


def test_lines_fit_a_terminal(compared):
    lines = comparison_lines(compared)
    assert max(map(len, lines)) <= 100
    assert lines[1].split()[:3] == ["aging", "3/3", "92.0%"]
    text = "\n".join(lines).replace("\N{MINUS SIGN}", "-")
    assert "-2.0 points" in text
    assert "-6.3 to +2.3 points" in text


def test_the_curve_ends_with_the_shortest_run(tmp_path, make, perceptron):
    for seed, scores in enumerate(((0.1, 0.5, 0.4), (0.3, 0.2, 0.4, 0.9))):
        run = make(tmp_path / f"aging-{seed}", seed=seed)
        for score in scores:
            run.add(score)
        run.crown(0, perceptron(), 0.5, 0.5)
        run.close()
    (group,) = comparison(tmp_path).groups
    assert [(n, e.mean) for n, e in group.curve] == [(1, 0.2), (2, 0.4), (3, 0.45)]


def test_one_run_alone_is_shown(tmp_path, whole):
    whole(tmp_path / "aging-0").close()
    page = write_comparison(tmp_path).read_text()
    assert "only one algorithm" in page
    assert comparison_lines(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no runs to compare"):
        comparison(tmp_path)
    with pytest.raises(StorageError):
        comparison(tmp_path / "missing")


def test_the_pictures_are_written(compared):
    write_comparison(compared)
    names = {path.name for path in (compared / "figures").iterdir()}
    assert {"compare-scores-test.png", "compare-best-so-far.png", "compare-generations-box.png"} <= names
