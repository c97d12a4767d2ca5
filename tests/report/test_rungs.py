"""A final at growing numbers of examples: what is read of it, and what people see, in the report, the terminal and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_reports import DATA, Run, finished, genome

from speciate.algorithms import Halving
from speciate.evaluators import RunContext
from speciate.evaluators.finish import Doubling, Together
from speciate.records import Budget, Candidate, Evaluation, Phase, Status
from speciate.report import write_report
from speciate.report.build import report_data
from speciate.report.drawing import Label
from speciate.report.figures import run_figures
from speciate.report.pages import NARROW, WIDE
from speciate.spaces import NetworkSpace
from speciate.store import RunFolder, RunSummary, glance, stands_for
from speciate.terminal import print_run, print_runs
from speciate.terminal.progress import Progress
from speciate.terminal.watch import line

BRIEF, LONG = 2000, 8000
SLOW = genome((24,), learning_rate=0.004)
IN_SAMPLE = 0.98765
TIMES = "\N{MULTIPLICATION SIGN}"


def halved(folder: Path, members: tuple[int, ...] = (1, 1, 0), refit: bool = True) -> Run:
    """Three networks at 2,000 examples on 2 of 3 folds; #1 goes on at 8,000 with two learning rates; both on the last fold.

    Args:
        folder: Where to.
        members: The champion's networks: 0 for the faster one of the last rung, 1 for the slower.
        refit: Whether they were trained again.
    """
    run = Run(folder, examples=1000, data={**DATA, "task": "classification"})
    found = [genome((8,)), genome((24,)), genome((40,))]
    for made, score in zip(found, (0.6, 0.7, 0.8), strict=True):
        run.add(score, made)

    def trained(source: int, made: Any, examples: int, fold: int, score: float, operator: str) -> int:
        how: dict[str, Any] = {
            "phase": Phase.FINAL,
            "operator": operator,
            "metrics": {"valid_neg_log_loss": score - 1},
        }
        return run.add(
            score, made, parents=[source], examples=examples, fold=fold, weights=f"{run.count:064x}", **how
        )

    for source, scores in enumerate(((0.5, 0.6), (0.8, 0.9), (0.6, 0.7))):
        for fold, score in enumerate(scores):
            trained(source, found[source], BRIEF, fold, score, "halving")
    ids: list[list[int]] = [[], []]
    for which, made in enumerate((found[1], SLOW)):
        ids[which] += [trained(1, made, LONG, fold, 0.9 + 0.02 * which, "halving") for fold in (0, 1)]
    for which, made in enumerate((found[1], SLOW)):
        ids[which].append(trained(1, made, LONG, 2, 0.84, "folds"))
    taken = [ids[which][place] for place, which in enumerate(members)]
    genomes = [SLOW if which else found[1] for which in members]
    if refit:
        taken = [
            run.add(IN_SAMPLE, made, parents=[number], examples=LONG, phase=Phase.REFIT, operator="refit")
            for number, made in zip(taken, genomes, strict=True)
        ]
    more: dict[str, Any] = {"trainings": taken, "refit": refit, "temperature": 1.25, "examples": LONG}
    several = {"members": [made.to_json() for made in genomes]} if len(members) > 1 else {}
    run.crown(1, genomes[0], 0.88, 0.87, **more, **several)
    return run


def test_the_rungs_are_read_of_the_rows(tmp_path: Path) -> None:
    summary = RunSummary.read(RunFolder(halved(tmp_path / "run").close()))
    first, second, whole = summary.rungs
    assert [(rung.examples, rung.folds, rung.title) for rung in summary.rungs] == [
        (BRIEF, 2, "2,000 examples"),
        (LONG, 2, "8,000 examples"),
        (None, 3, "all 3 folds"),
    ]
    assert [(n.source, n.score, n.went_on, n.kept) for n in first.networks] == [
        (1, pytest.approx(0.85), True, 0),
        (2, pytest.approx(0.65), False, 0),
        (0, pytest.approx(0.55), False, 0),
    ]
    assert first.networks[0].loss == pytest.approx(-0.15)
    assert [(n.description, n.went_on, n.kept) for n in second.networks] == [
        (SLOW.describe(), True, 0),
        (genome((24,)).describe(), True, 0),
    ]
    assert [(n.score, n.kept, n.went_on) for n in whole.networks] == [
        (pytest.approx((0.92 + 0.92 + 0.84) / 3), 2, False),
        (pytest.approx((0.9 + 0.9 + 0.84) / 3), 1, False),
    ]
    assert [(k.times, k.candidate, k.examples) for k in summary.kept] == [(2, 1, LONG), (1, 1, LONG)]


def test_a_final_with_several_seeds_has_no_rungs(tmp_path: Path) -> None:
    run = finished(tmp_path / "run").close()
    summary, found = RunSummary.read(RunFolder(run)), report_data(run).findings
    assert summary.rungs == summary.kept == found.rungs == ()
    assert found.final
    assert not {"rungs", "refit"} & set(summary.to_json())
    assert "networks" not in summary.to_json()["champion"]


def test_scores_of_the_last_training_are_shown_nowhere(tmp_path: Path) -> None:
    run = halved(tmp_path / "run").close()
    value = RunSummary.read(RunFolder(run)).to_json()
    assert [(row["score"], row["metrics"]) for row in value["refit"]] == [(None, {})] * 3
    page = write_report(run).read_text()
    for text in (json.dumps(value), page):
        assert "0.9876" not in text
        assert "98.8%" not in text


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_final_is_drawn(width: float, tmp_path: Path) -> None:
    drawing = run_figures(report_data(halved(tmp_path / "run").close()), width)["final"]
    said = [mark.text for mark in drawing.marks if isinstance(mark, Label)]
    assert {"2,000 examples, 3 networks", "8,000 examples, 2 networks", "all 3 folds, 2 networks"} < set(said)
    assert said.count("\N{RIGHTWARDS ARROW}") == 3
    assert [text for text in said if text.endswith(TIMES)] == [f"2 {TIMES}", f"1 {TIMES}"]
    assert {"mean", "log loss", "kept", "85.0%", "0.150"} < set(said)


@pytest.mark.parametrize(("members", "refit"), [((1, 1, 0), True), ((0,), True), ((1, 0), False)])
def test_the_page_says_what_the_champion_is(members: tuple[int, ...], refit: bool, tmp_path: Path) -> None:
    page = write_report(halved(tmp_path / "run", members, refit).close()).read_text()
    assert (f"an ensemble of {len(members)} networks" in page) == (len(members) > 1)
    assert "with a temperature of 1.25" in page
    assert (stands_for(len(members), True) in page) == refit
    assert ("training on all rows" in page) == refit
    assert "3 networks on 2,000, then 2 on 8,000" in page
    assert "divided into 3 folds" in page
    assert ("The final changed it once more: learning rate 0.01 → 0.004." in page) == (members[0] == 1)
    assert (f"2 {TIMES}" in page) == (members.count(1) == 2)
    assert "--final halving" in page


def test_the_terminal_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    folder = RunFolder(halved(tmp_path / "run").close())
    print_run(RunSummary.read(folder).to_json())
    shown = capsys.readouterr().out
    assert (
        "3 networks whose answers are averaged, temperature 1.25, 100 parameters, trained again on all rows"
        in shown
    )
    assert "2 x network 1, 8,000 examples of training" in shown
    assert " ".join(stands_for(3, True).split()) in " ".join(shown.split())
    lines = [row.split() for row in shown.splitlines()]
    assert ["2,000", "examples", "3", "0.8500", "0.1500", "-"] in [row[:6] for row in lines]
    assert ["all", "3", "folds", "2", "0.8933", "0.1067", "3"] in [row[:7] for row in lines]
    print_runs([glance(folder, tmp_path)], tmp_path)
    assert "kept" in capsys.readouterr().out
    alone = RunFolder(halved(tmp_path / "alone", (0,)).close())
    print_run(RunSummary.read(alone).to_json())
    shown = capsys.readouterr().out
    assert (
        "network 1, temperature 1.25, 100 parameters, 8,000 examples of training, trained again on all rows"
        in shown
    )


def test_a_final_says_at_which_stage_it_is() -> None:
    entrants = [Candidate(i, genome((8 * (i + 1),)), i, Budget(1000)) for i in range(3)]
    final = Halving(entrants, (BRIEF, LONG), 1e12, lambda genome: 100, parts=3, first=2)
    final = final.start(NetworkSpace.mlp(features=4, rows=100), seed=0, budget=Budget(1000))
    seen = [final.stage]
    while asked := final.ask(1):
        if final.stage != seen[-1]:
            seen.append(final.stage)
        final.tell([Evaluation(c, Status.OK, 0.5 + c.budget.examples / 1e5) for c in asked])
    assert seen == [
        ("3 networks at 2,000 examples", 6),
        ("4 networks at 8,000 examples", 14),
        ("7 networks on all folds", 21),
    ]


def test_what_is_going_to_happen_is_said() -> None:
    context = RunContext(0, 2000)
    assert Together().outlook(context, 5, 6) == (
        "final of at most 5 networks and 6 recipes at 4,000 examples, the better ones at 16,000, 64,000 and 256,000; "
        "up to 8 answer together, trained again on all rows"
    )
    alone = Together(ensemble=1, refits=False).outlook(RunContext(0, 2000, 9000), 1, 0)
    assert alone == "final of at most 1 network at 9,000 examples; one is kept"
    assert Doubling().outlook(context, 5, 6) == ""
    assert Together().outlook(replace(context, repeats=5), 5, 6).endswith("; repeats = 5 has no effect on it")


def test_progress_names_the_stage_and_promises_no_time() -> None:
    clock = iter(range(100))
    p = Progress(
        lambda: float(next(clock)), phase="final", stage="3 networks at 2,000 examples", done=2, limit=6
    )
    p._phase_done = 0
    assert line(p).startswith("final: 3 networks at 2,000 examples: 2 of 6 trainings")
    assert "left" not in line(p)
    assert "trainings/s" not in line(p)  # the next ones take several times as long
    p.stage = ""
    assert "left" in line(p)
    assert "trainings/s" in line(p)
