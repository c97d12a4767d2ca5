from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from speciate.algorithms import AgingEvolution
from speciate.evaluators import FunctionEvaluator
from speciate.run.callbacks import Callback, Callbacks
from speciate.run.search import Search
from speciate.testing import sphere, sphere_space


class Broken(Callback):
    def __init__(self) -> None:
        self.calls = 0

    def on_event(self, search: object, kind: str, message: str) -> None:
        self.calls += 1
        raise RuntimeError("boom")


class Counting(Broken):
    def on_event(self, search: object, kind: str, message: str) -> None:
        self.calls += 1


@pytest.mark.fault(41)
def test_a_broken_callback_is_logged_once_and_dropped_after_three_failures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, good = Broken(), Counting()
    notify = Callbacks([broken, good])
    with caplog.at_level(logging.WARNING, "speciate"):
        for _ in range(5):
            notify("event", None, "kind", "message")
    assert (broken.calls, good.calls) == (3, 5)
    assert [r.getMessage() for r in caplog.records] == [
        "callback Broken failed in on_event",
        "callback Broken failed 3 times and is not called any more",
    ]


class Stopping(Callback):
    """Stops the search once a candidate is good enough."""

    def __init__(self, hook: str, count: int) -> None:
        self.hook, self.count, self.phases = hook, count, list[str]()

    def on_start(self, search: Search) -> None:
        if self.hook == "start":
            search.stop()

    def on_phase(self, search: Search, phase: object) -> None:
        self.phases.append(str(phase))

    def on_told(self, search: Search, evaluations: object) -> None:
        if self.hook == "told" and search.store.count()[1] >= self.count:
            search.stop()


def on_the_sphere(folder: Path | None, *callbacks: Callback) -> Search:
    evaluator = FunctionEvaluator(lambda genome, seed: sphere(genome) + seed % 7 / 1000, noisy=True)
    return Search(
        sphere_space(), AgingEvolution(8), evaluator, store=folder, examples=1, finalists=2, repeats=2, callbacks=callbacks
    )  # fmt: skip


def what_happened(search: Search) -> list[Any]:
    return [(row.id, row.phase, row.key, row.parents, row.seed, row.score) for row in search.rows]


@pytest.mark.parametrize(("hook", "count"), [("told", 11), ("told", 1), ("start", 0)])
def test_a_search_can_be_stopped_and_goes_on(tmp_path: Path, hook: str, count: int) -> None:
    """It ends like a search that reached its limit: with a final and a champion; a further run ends like an unstopped one."""
    stopping = Stopping(hook, count)
    stopped = on_the_sphere(tmp_path / "run", stopping).run(evaluations=600)
    searched = [row for row in stopped.rows if row.phase == "search"]
    assert count <= len(searched) < 600
    assert all(row.status == "ok" for row in searched)
    assert stopping.phases == ["search", "final"]
    assert stopped.champion is not None
    assert stopped.status == stopped.store.get("status") == "finished"
    assert [kind for _, kind, _ in stopped.store.events()].count("stopped") == 1
    resumed = on_the_sphere(tmp_path / "run").run(evaluations=600)
    plain = on_the_sphere(None).run(evaluations=600)
    assert what_happened(resumed) == what_happened(plain)
    assert resumed.champion == plain.champion


def test_stopping_is_over_with_the_run_and_harmless_before_it() -> None:
    search = on_the_sphere(None, Stopping("told", 1))
    search.stop()
    search.run(evaluations=600)
    before = len(search.rows)
    search.run(evaluations=600)
    assert len(search.rows) > before
