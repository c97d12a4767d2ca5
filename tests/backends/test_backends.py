from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch

from speciate.algorithms import RandomSearch
from speciate.backends import BACKENDS, Backend, InlineBackend, ProcessBackend, RayBackend
from speciate.errors import ConfigurationError
from speciate.evaluators import FunctionEvaluator
from speciate.records import Budget, Status
from speciate.testing import BackendContract, crashing, sphere_space


class TestInline(BackendContract):
    def make(self) -> Backend:
        return InlineBackend()


class TestOneProcess(BackendContract):
    def make(self) -> Backend:
        return ProcessBackend(1)


class TestTwoProcesses(BackendContract):
    def make(self) -> Backend:
        return ProcessBackend(2)


def test_every_backend_is_tested() -> None:
    elsewhere = [RayBackend]  # in test_ray.py
    assert {kind.name for kind in (InlineBackend, ProcessBackend, *elsewhere)} == set(BACKENDS)


@pytest.mark.fault(10)
def test_a_killed_worker_costs_its_own_candidate_only() -> None:
    some = RandomSearch(8).start(sphere_space(), seed=3, budget=Budget(1)).ask(40)
    fatal = [c.id for c in some if c.genome.to_json()["hyper"]["x0"] > 0]
    harmless = [c for c in some if c.id not in fatal]
    candidates = [*harmless[:3], some[fatal[0]], *harmless[3:6], some[fatal[1]], *harmless[6:9]]
    backend = ProcessBackend(2)
    try:
        backend.start(FunctionEvaluator(crashing))
        backend.submit(candidates)
        done = []
        while not backend.idle:
            done += backend.wait()
    finally:
        backend.close()
    status = {e.candidate.id: e.status for e in done}
    assert {i for i, s in status.items() if s is Status.CRASHED} == set(fatal[:2])
    assert len(status) == len(candidates)
    assert all("signal 9" in e.error for e in done if e.status is Status.CRASHED)


def threads(genome: object) -> float:
    return float(torch.get_num_threads())


@pytest.mark.parametrize("make", [InlineBackend, lambda: ProcessBackend(1)], ids=["inline", "processes"])
def test_functions_of_ones_own_have_one_thread_of_torch(make: Callable[[], Backend]) -> None:
    before, backend = torch.get_num_threads(), make()
    torch.set_num_threads(2)
    try:
        backend.start(FunctionEvaluator(threads))
        backend.submit(RandomSearch(8).start(sphere_space(), seed=3, budget=Budget(1)).ask(1))
        (evaluation,) = backend.wait()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
        backend.close()
    assert evaluation.score == 1


def test_no_workers_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="workers must be at least 1"):
        ProcessBackend(0)


DRIVER = """

from speciate.algorithms import RandomSearch
from speciate.backends import ProcessBackend
from speciate.evaluators import FunctionEvaluator
from speciate.records import Budget
from speciate.testing import sphere, sphere_space
backend = ProcessBackend(2)
backend.start(FunctionEvaluator(sphere))
backend.submit(RandomSearch(8).start(sphere_space(), seed=0, budget=Budget(1)).ask(2))
backend.wait()
print(*[worker.process.pid for worker in backend._workers], flush=True)
time.sleep(600)
"""


@pytest.mark.fault(33)
def test_workers_die_with_their_driver() -> None:
    driver = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER)], stdout=subprocess.PIPE, text=True
    )
    assert driver.stdout is not None
    workers = [psutil.Process(int(pid)) for pid in driver.stdout.readline().split()]
    assert len(workers) == 2
    driver.kill()
    driver.wait()
    driver.stdout.close()
    gone, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive
    assert len(gone) == 2


def test_the_users_main_module_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(
        "print('main runs')\n" + textwrap.dedent(DRIVER).replace("time.sleep(600)", "backend.close()")
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.count("main runs") == 1
