"""A Ray cluster gives what one process gives, also when a machine of it is lost."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unruly import Clinging, endless, is_bad

from speciate import neuroevolve
from speciate.algorithms import AgingEvolution, RandomSearch
from speciate.backends import Backend, InlineBackend, RayBackend
from speciate.data import load_data
from speciate.evaluators import FunctionEvaluator
from speciate.records import Budget, Candidate, Evaluation, Status
from speciate.run.search import Search
from speciate.spaces import NetworkSpace
from speciate.testing import BackendContract, crashing, sphere_space

pytest.importorskip("ray", reason="Ray is not installed; pip install 'speciate[ray]'")

PROCESSES = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two machines with a core each, both of them on this one."""
    from ray.cluster_utils import Cluster

    found = Cluster(initialize_head=True, head_node_args=PROCESSES)
    try:
        found.add_node(**PROCESSES)
        yield found
    finally:
        found.shutdown()


@pytest.fixture(autouse=True)
def address(cluster: Any, request: pytest.FixtureRequest) -> str:
    if request.instance is not None:
        request.instance.address = cluster.address
    return str(cluster.address)


class TestRay(BackendContract):
    address: str

    def make(self) -> Backend:
        return RayBackend(self.address)


def drained(backend: Backend, evaluator: FunctionEvaluator, candidates: list[Candidate]) -> list[Evaluation]:
    """What comes of candidates."""
    done: list[Evaluation] = []
    try:
        backend.start(evaluator)
        backend.submit(candidates)
        while not backend.idle:
            done += backend.wait()
    finally:
        backend.close()
    assert sorted(e.candidate.id for e in done) == sorted(c.id for c in candidates)
    return done


def one_bad() -> tuple[Candidate, list[Candidate]]:
    """A candidate that misbehaves, and a few that do not with it in their midst."""
    some = RandomSearch(8).start(sphere_space(), seed=3, budget=Budget(1)).ask(40)
    bad, good = (next(c for c in some if is_bad(c.genome)), [c for c in some if not is_bad(c.genome)])
    return bad, [*good[:2], bad, *good[2:4]]


@pytest.mark.fault(10)
def test_a_process_that_dies_costs_its_own_candidate_only(address: str) -> None:
    bad, candidates = one_bad()
    done = drained(RayBackend(address), FunctionEvaluator(crashing), candidates)
    (failed,) = [e for e in done if not e.ok]
    assert (failed.candidate, failed.status) == (bad, Status.CRASHED)
    assert "3 processes of the cluster died with it" in failed.error


@pytest.mark.fault(7)
def test_limits_are_kept_on_every_node(address: str) -> None:
    # A larger budget has more time, in proportion: only who never ends is late, however slow the machine is.
    bad, some = one_bad()
    candidates = [c if c is bad else replace(c, budget=Budget(1000)) for c in some]
    backend = RayBackend(address, candidate_time=1.0, examples=1)
    done = drained(backend, FunctionEvaluator(endless), candidates)
    (failed,) = [e for e in done if not e.ok]
    assert (failed.candidate, failed.status) == (bad, Status.TIMEOUT)


def remove(cluster: Any, node: Any, note: Path, over: threading.Event) -> None:
    """Take a node away once somebody stays there."""
    while not note.exists():
        if over.wait(0.05):
            return
    cluster.remove_node(node, allow_graceful=False)


def run(backend: Backend, folder: Path, node: str) -> Search:
    data = load_data("sklearn:digits")
    return Search(
        NetworkSpace.mlp(features=64, rows=len(data.train), outputs=10),
        AgingEvolution(6, lag=4),
        Clinging(data, inherit="preserve", node=node, note=folder.parent / "note"),
        store=folder,
        examples=1500,
        finalists=2,
        repeats=2,
        final_examples=3000,
        backend=backend,
    ).run(evaluations=18)


def hashed(search: Search) -> str:
    """A hash of everything that must be the same, the champion's weights included."""
    rows = [
        (
            r.id,
            r.phase,
            r.key,
            r.parents,
            r.seed,
            r.status,
            r.score,
            r.weights,
            r.ancestors,
            r.lineage_examples,
        )
        for r in search.rows
    ]
    assert search.folder is not None
    model = (search.folder.champion / "model.safetensors").read_bytes()
    return hashlib.sha256(repr(rows).encode() + model).hexdigest()


@pytest.mark.slow
@pytest.mark.fault(34)
def test_a_run_that_loses_a_machine_ends_like_one_in_one_process(
    cluster: Any, address: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (node,) = cluster.worker_nodes
    here = run(InlineBackend(), tmp_path / "here", node.node_id)
    note, over = tmp_path / "note", threading.Event()
    remover = threading.Thread(target=remove, args=(cluster, node, note, over), daemon=True)
    remover.start()
    there = run(RayBackend(address), tmp_path / "there", node.node_id)
    over.set()
    remover.join()
    assert note.exists(), [row.error for row in there.rows if row.error]
    assert hashed(there) == hashed(here)
    assert {path.name for path in (tmp_path / "there" / "weights").iterdir()} == {
        path.name for path in (tmp_path / "here" / "weights").iterdir()
    }
    assert capfd.readouterr().out == ""
    said = [message for _, kind, message in there.store.events() if kind == "backend"]
    # Ray may tell of the processes of a lost node before it tells of the node.
    assert any(message.startswith(("a node of the cluster", "a process of the cluster")) for message in said)
    assert all("evaluated again" in message for message in said)


def test_networks_without_gradients_are_scored_there_too(address: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "population": 40,
        "generations": 4,
        "brood": 10,
        "go_on": True,
        "runs": str(tmp_path),
    }
    here = neuroevolve("xor", **given, name="here")
    there = neuroevolve("xor", **given, name="there", backend="ray", address=address)
    assert hashed(there) == hashed(here)
    ours, theirs = here.store.columns(), there.store.columns()
    assert len(ours) == 16
    for brood, columns in ours.items():
        assert {name: values.tolist() for name, values in columns.items()} == {
            name: values.tolist() for name, values in theirs[brood].items()
        }


MAIN = """
import sys
import ray
import speciate
from speciate.algorithms import RandomSearch
from speciate.spaces import ParameterSpace, Real

ZERO = 0.0

@speciate.algorithm
class Mine(RandomSearch):
    name = "mine"

class Own(speciate.FunctionEvaluator):
    def _evaluate(self, candidate):
        from speciate.algorithms import ALGORITHMS
        assert ALGORITHMS.external() and ray.get_runtime_context().get_task_id()
        return super()._evaluate(candidate)

search = speciate.Search(
    ParameterSpace({"x": Real(0.0, 4.0)}), Mine(2), Own(lambda genome: ZERO), store="run", seed=1, examples=1,
    backend=speciate.RayBackend(sys.argv[1]),
).run(evaluations=2)
print({row.status for row in search.rows}, next(row.error for row in search.rows))
"""


def test_what_is_defined_at_standard_input_works_there(address: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-", address], input=MAIN, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "{'ok'} \n", done.stderr
