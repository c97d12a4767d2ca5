"""What a process of a cluster does, without a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from speciate.algorithms import AgingEvolution, RandomSearch
from speciate.backends import node
from speciate.backends.node import NodeServer, NodeSettings, decisive_versions, server_of
from speciate.data import load_data
from speciate.errors import ConfigurationError
from speciate.evaluators import Evaluator, FunctionEvaluator, SupervisedEvaluator
from speciate.records import Budget, Candidate
from speciate.spaces import NetworkSpace
from speciate.store import WeightFolder
from speciate.testing import sphere, sphere_space


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes put files for a moment."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def settings(**more: object) -> NodeSettings:
    return replace(NodeSettings("run", decisive_versions()), **more)  # type: ignore[arg-type]


def points(count: int) -> list[Candidate]:
    return RandomSearch(8).start(sphere_space(), seed=0, budget=Budget(1)).ask(count)


def test_other_versions_are_refused_by_name() -> None:
    known = {**decisive_versions(), "torch": "1.0"}
    with pytest.raises(
        ConfigurationError, match=r"other versions than the program: torch .*, not torch 1\.0"
    ):
        NodeServer(settings(versions=known), FunctionEvaluator(sphere))


def test_weights_come_and_go_and_no_file_stays(temporary: Path, tmp_path: Path) -> None:
    data = load_data("sklearn:iris")
    space = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3)
    algorithm = AgingEvolution(2, lag=1).start(space, seed=0, budget=Budget(200))
    here = WeightFolder(tmp_path / "weights")
    plain = SupervisedEvaluator(data, inherit="preserve", weights=here)
    there = NodeServer(settings(keeps=True), SupervisedEvaluator(data, inherit="preserve"))
    for _ in range(3):
        group = algorithm.ask(8)
        expected = plain.evaluate(group)
        names = {ancestor.weights for c in group for ancestor in c.ancestors}
        answers = there.serve(group, {name: here.read(name) for name in names})
        for before, (evaluation, content) in zip(expected, answers, strict=True):
            assert (evaluation.candidate, evaluation.score) == (before.candidate, before.score)
            assert evaluation.weights == before.weights
            assert content == here.read(str(before.weights))
        algorithm.tell(expected)
        assert not [file for file in temporary.rglob("*") if file.is_file()]
    assert any(c.ancestors for c in group)


def test_a_group_is_trained_as_one_only_if_it_is_wanted() -> None:
    class Counting(FunctionEvaluator):
        sizes: list[int] = []  # noqa: RUF012 - of the class, so that copies share it

        def evaluate(self, candidates):  # type: ignore[no-untyped-def]
            self.sizes.append(len(candidates))
            return super().evaluate(candidates)

    for stacked, sizes in ((False, [1, 1, 1]), (True, [3])):
        Counting.sizes.clear()
        place = NodeServer(settings(stacked=stacked), Counting(sphere))
        assert [e.candidate for e, _ in place.serve(points(3), {})] == points(3)
        assert Counting.sizes == sizes


def test_a_process_serves_one_run_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_servers", [])
    fetched: list[Evaluator] = []

    def fetch() -> Evaluator:
        fetched.append(FunctionEvaluator(sphere))
        return fetched[-1]

    first = server_of(settings(), fetch)
    assert server_of(settings(), fetch) is first
    second = server_of(settings(run="another"), fetch)
    assert second is not first
    assert len(fetched) == 2
    assert node._servers == [second]


def test_what_a_killed_process_left_is_removed(temporary: Path) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    left = temporary / f"speciate-node-{os.getuid()}" / gone.stdout.decode().strip()
    alive = temporary / f"speciate-node-{os.getuid()}" / str(os.getppid())
    for folder in (left, alive):
        folder.mkdir(parents=True)
        (folder / "x.safetensors").touch()
    place = NodeServer(settings(), FunctionEvaluator(sphere))
    assert not left.exists()
    assert alive.exists()
    assert place.folder.path.name == str(os.getpid())


KILLED_AT_WORK = """
import os, signal
from speciate.backends.node import NodeServer, NodeSettings, decisive_versions
from speciate.evaluators import FunctionEvaluator

def fatal(genome):
    os.kill(os.getpid(), signal.SIGKILL)

from tests.backends.test_node import points
NodeServer(NodeSettings("run", decisive_versions(), keeps=True), FunctionEvaluator(fatal)).serve(points(1), {"x": b"weights"})
"""


def test_what_a_process_that_was_killed_at_work_left_goes_when_the_next_begins(temporary: Path) -> None:
    died = subprocess.run(
        [sys.executable, "-c", KILLED_AT_WORK],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(temporary)},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert [file.read_bytes() for file in temporary.rglob("*.safetensors")] == [b"weights"]
    NodeServer(settings(), FunctionEvaluator(sphere))
    assert not list(temporary.rglob("*.safetensors"))
