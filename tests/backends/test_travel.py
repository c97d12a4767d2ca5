"""What a script defines itself works in worker processes; what cannot be sent there is refused before anything begins."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.forked import forks

from speciate.backends import ProcessBackend
from speciate.backends.travel import culprit, pack, unpack
from speciate.errors import ConfigurationError
from speciate.evaluators import FunctionEvaluator
from speciate.registry import Registry
from speciate.testing import sphere

OWN_FUNCTION = """
import os
import {module}
import speciate
from speciate.algorithms import ALGORITHMS, RandomSearch
from speciate.spaces import ParameterSpace, Real

OFFSET = 2.0

@speciate.algorithm
class Mine(RandomSearch):
    name = "mine"

class Squared:
    def __call__(self, genome):
        assert "mine" in ALGORITHMS.external()
        return {module}.negative((genome.to_json()["hyper"]["x"] - OFFSET) ** 2)

class Own(speciate.FunctionEvaluator):
    def _evaluate(self, candidate):
        from dataclasses import replace
        return replace(super()._evaluate(candidate), engine=str(os.getpid()))

search = speciate.Search(
    ParameterSpace({{"x": Real(0.0, 4.0)}}), Mine(4), Own(Squared()), store="run", seed=1,
    examples=1, backend=speciate.ProcessBackend(2),
).run(evaluations=8)
rows = search.rows
assert all(row.status == "ok" for row in rows), rows
assert str(os.getpid()) not in {{row.engine for row in rows}}
print("best", max(row.score for row in rows) > -1)
"""

OWN_LAYER = """
import speciate
from speciate.layers import LayerType
from speciate.data import load_data
from speciate.spaces import NetworkSpace

@speciate.layer
class Scale(LayerType):
    kind = "own_scale"
    genes = {}
    def shape(self, genes, inputs):
        return inputs[0]
    def module(self, genes, inputs, rng):
        import torch
        class Times(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.by = torch.nn.Parameter(torch.ones(inputs[0]))
            def forward(self, x):
                return x * self.by
        return Times()

data = load_data("sklearn:iris")
base = NetworkSpace.mlp(features=4, rows=len(data.train), outputs=3)
space = NetworkSpace((1, 3), {"own_scale": {}, **base.layers}, base.hyper)
candidates = speciate.RandomSearch(4).start(space, seed=1, budget=speciate.Budget(100)).ask(4)
assert any("own_scale" in str(candidate.genome.to_json()) for candidate in candidates)
backend, done = speciate.ProcessBackend(2), []
backend.start(speciate.SupervisedEvaluator(data))
backend.submit(candidates)
while not backend.idle:
    done += backend.wait()
backend.close()
print({str(evaluation.status) for evaluation in done}, *[evaluation.error for evaluation in done])
"""

ENVIRONMENT = """
import gymnasium
import numpy as np
import speciate
from speciate.neat.tasks.environment import EnvironmentTask
from speciate.spaces import ParameterSpace, Real

class Corridor(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-9.0, 9.0, (1,))
    action_space = gymnasium.spaces.Discrete(2)
    def __init__(self, length=3):
        self.length = length
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return np.array([self.at], np.float32), {}
    def step(self, action):
        self.at += 1 if action else -1
        return np.array([self.at], np.float32), float(self.at), abs(self.at) >= self.length, False, {}

gymnasium.register(id="Corridor-v0", entry_point="__main__:Corridor", max_episode_steps=20)

def made_by_name(genome):
    return float(gymnasium.make("Corridor-v0", length=5).unwrapped.length)

search = speciate.Search(
    ParameterSpace({"x": Real(0.0, 4.0)}), speciate.RandomSearch(2), speciate.FunctionEvaluator(made_by_name),
    store="named", seed=1, examples=1, backend=speciate.ProcessBackend(1),
).run(evaluations=2)
print({row.score for row in search.rows})
search = speciate.neuroevolve(
    EnvironmentTask("Corridor-v0", options={"length": 4}), population=10, generations=2, backend="processes", workers=2, runs="."
)
print({row.status for row in search.rows})
"""

CANNOT_TRAVEL = """
import threading
import speciate
from speciate.spaces import ParameterSpace, Real

LOCK = threading.Lock()

def guarded(genome):
    with LOCK:
        return 0.0

speciate.Search(
    ParameterSpace({"x": Real(0.0, 4.0)}), speciate.RandomSearch(2), speciate.FunctionEvaluator(guarded),
    store="run", examples=1, backend=speciate.ProcessBackend(2),
).run(evaluations=2)
"""


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder."""
    (folder / "script.py").write_text(script)
    return forks().run(["script.py"], cwd=folder, env=dict(os.environ))


def run_fresh(script: str, folder: Path, *, from_input: bool) -> subprocess.CompletedProcess[str]:
    """The same as Python begins it, from a file or from standard input."""
    (folder / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "-" if from_input else "script.py"],
        input=script if from_input else None,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("from_input", [False, True], ids=["script", "standard input"])
def test_what_a_script_without_a_guard_defines_works_in_workers(tmp_path: Path, from_input: bool) -> None:
    (tmp_path / "beside.py").write_text("def negative(x): return -x\n")
    done = run_fresh(OWN_FUNCTION.format(module="beside"), tmp_path, from_input=from_input)
    assert done.stdout == "best True\n", done.stderr


def test_layer_types_that_a_script_registers_are_known_in_workers(tmp_path: Path) -> None:
    done = run(OWN_LAYER, tmp_path)
    assert done.stdout.strip() == "{'ok'}", done.stdout + done.stderr


def test_environments_that_a_script_registers_are_known_in_workers(tmp_path: Path) -> None:
    pytest.importorskip("gymnasium")
    done = run(ENVIRONMENT, tmp_path)
    assert done.stdout.splitlines() == ["{5.0}", "{'ok'}"], done.stderr


def test_what_cannot_travel_is_refused_before_the_search_begins(tmp_path: Path) -> None:
    done = run(CANNOT_TRAVEL, tmp_path)
    assert "ConfigurationError: this evaluator cannot be sent to other processes" in done.stderr
    assert "variable 'LOCK' of guarded is a _thread.lock" in done.stderr
    assert "--backend inline" in done.stderr


class Holder:
    def __init__(self, **parts: Any) -> None:
        self.parts = parts

    def method(self, genome: object) -> float:
        return 0.0


def stream() -> Any:
    yield


class Forgetful(Holder):
    def __getstate__(self) -> object:
        raise RuntimeError("not today")


def closing_over(thing: object) -> object:
    return lambda: thing


@pytest.mark.parametrize(
    ("thing", "cause"),
    [
        (Holder(a=1, lock=threading.Lock()), "entry 'lock' of attribute 'parts' of Holder is a _thread.lock"),
        (
            Holder(lock=threading.Lock()).method,
            "entry 'lock' of attribute 'parts' of Holder is a _thread.lock",
        ),
        (partial(sphere, [1, stream()]), "item 1 of item 0 of arguments of it is a generator"),
        (
            closing_over(threading.Lock()),
            "variable 'thing' of closing_over.<locals>.<lambda> is a _thread.lock",
        ),
        (Forgetful(), f"it is a {__name__}.Forgetful"),
        (Holder(a=1), ""),
    ],
    ids=["attribute", "method", "partial function", "closure", "own refusal", "nothing"],
)
def test_the_part_that_cannot_travel_is_named(thing: object, cause: str) -> None:
    assert culprit(thing, "it") == cause


def test_what_is_defined_inside_a_function_travels() -> None:
    here = unpack(pack(FunctionEvaluator(lambda genome: 5.0)))
    assert isinstance(here, FunctionEvaluator)
    assert here.function(None) == 5.0


def test_arrays_travel_apart_where_they_can_be_shared() -> None:
    import numpy as np

    buffers: list[Any] = []
    packed = pack(FunctionEvaluator(partial(sphere, np.zeros(100_000))), buffers)
    assert len(packed) < 100_000  # the array has 800,000 bytes; what other tests have registered travels too
    there = unpack(packed, buffers)
    assert isinstance(there, FunctionEvaluator)
    assert there.function.args[0].shape == (100_000,)  # type: ignore[attr-defined]


def test_a_module_that_was_loaded_by_hand_travels(tmp_path: Path) -> None:
    (tmp_path / "loaded_by_hand.py").write_text("ZERO = 0.0\ndef zero(genome): return ZERO\n")
    spec = importlib.util.spec_from_file_location("loaded_by_hand", tmp_path / "loaded_by_hand.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["loaded_by_hand"] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        packed = pack(FunctionEvaluator(module.zero))
    finally:
        del sys.modules["loaded_by_hand"]
    there = unpack(packed)
    assert isinstance(there, FunctionEvaluator)
    assert there.function(None) == 0.0


def test_what_is_registered_and_cannot_travel_does_no_harm_until_it_is_needed() -> None:
    things: Registry[Any] = Registry("speciate.tests", "thing", ())
    try:
        things.add("guarded", Holder(lock=threading.Lock()))
        things.add("plain", Holder())
        packed = pack(FunctionEvaluator(sphere))
        there: Registry[Any] = Registry("speciate.tests", "thing", ())
        unpack(packed)
    finally:
        del __import__("speciate.registry").registry.REGISTRIES["speciate.tests"]
    assert list(there.external()) == ["plain"]
    with pytest.raises(ConfigurationError, match="thing 'guarded' could not be sent here") as caught:
        there.find("guarded")
    assert "is a _thread.lock" in caught.value.why


def test_the_refusal_starts_no_process() -> None:
    backend = ProcessBackend(2)
    with pytest.raises(ConfigurationError, match="cannot be sent"):
        backend.start(FunctionEvaluator(Holder(lock=threading.Lock()).method))
    assert not backend._workers
