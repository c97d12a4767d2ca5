"""What a champion does is what the search scored: one action for one observation, of the shape and type that the environment takes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from speciate.champion import ConnectionsModel, load_model, write_champion
from speciate.errors import DataError
from speciate.neat.evolvers.fixed import FixedNetwork
from speciate.neat.tasks import FunctionTask, Task, task_by_name

gymnasium = pytest.importorskip("gymnasium")
from gymnasium import spaces  # noqa: E402

from speciate.neat.tasks.environment import EnvironmentTask  # noqa: E402

BOX = spaces.Box(-2, 3, (2, 2), np.float32)
ACTIONS = [
    spaces.Box(0, 9, (2, 2), np.int32),
    spaces.Box(0, 255, (3,), np.uint8),
    spaces.Box(np.array([-1, 0.1], np.float32), np.array([0.3, np.inf], np.float32)),
    spaces.Box(-3, 5, (), np.float32),
    spaces.Box(-3, 5, (), np.int16),
    spaces.Box(0, 60_000, (1, 1, 2), np.uint16),
    spaces.Box(-1, 1, (2,), np.float16),
    spaces.Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (2,), np.int64),
    spaces.Discrete(4),
    spaces.Discrete(2, start=-7),
    spaces.Discrete(3, dtype=np.uint8),
    spaces.MultiDiscrete([2, 3, 4]),
    spaces.MultiDiscrete([3, 2], dtype=np.int8, start=[5, -5]),
    spaces.MultiBinary(3),
]
OBSERVED = [
    BOX,
    spaces.Box(0, 255, (2, 3), np.uint8),
    spaces.Box(-0.07, 0.07, (), np.float32),
    spaces.Discrete(5, start=2),
]


class Recorder(gymnasium.Env):
    """Shows random observations, and keeps them and what it is told to do."""

    log: list[tuple[Any, Any]]

    def __init__(self, seen: Any, taken: Any) -> None:
        self.observation_space, self.action_space = seen, taken

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.observation_space.seed(0)
        self.steps, self.seen = 0, self.observation_space.sample()
        return self.seen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        Recorder.log.append((self.seen, action.copy()))
        self.steps, self.seen = self.steps + 1, self.observation_space.sample()
        return self.seen, 1.0, self.steps == 6, False, {}


def champion(folder: Path, task: Task, *, loop: bool = False, task_says: bool = True) -> Any:
    """A random network as the champion of a task; and the module that its model.py is."""
    network = FixedNetwork(task.inputs, task.outputs, (3,), recurrent=loop)
    population = network.population(2 * network.first(1, np.random.default_rng(5)))
    about = {"name": task.name, "fitness": task.fitness, "goal": None, **task.forms()}
    about |= {"recurrent": task.recurrent} if task_says else {}
    found = {"id": 1, "genome": population.genome(0).to_json(), "description": "d", "valid_score": 1.0}
    facts = {"run": {"name": "r", "seed": 0, "algorithm": "neat"}, "evaluations": 1, "generations": 1}
    model = ConnectionsModel.of(
        {**found, "numbers": {}, "parameters": 4}, about, None, {**facts, "versions": {}}
    )
    write_champion(folder, model)
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return population, module


def played(seen: Any, taken: Any, folder: Path, recurrent: bool = False) -> Any:
    """A task, the model and the module of a champion, and what it did in an episode of the search."""
    options, Recorder.log = {"seen": seen, "taken": taken}, []
    task = EnvironmentTask(Recorder, episodes=1, recurrent=recurrent, options=options)
    population, module = champion(folder, task, loop=recurrent)
    task.evaluate(population.networks(), 0)
    assert len(Recorder.log) == 6
    return load_model(folder), module, Recorder.log


@pytest.mark.fault(85)
@pytest.mark.parametrize("taken", ACTIONS, ids=str)
def test_a10_an_action_is_the_one_that_the_search_scored(taken: Any, tmp_path: Path) -> None:
    policy, module, log = played(BOX, taken, tmp_path / "champion")
    for seen, scored in log:
        action = policy.act(seen)
        assert taken.contains(action)
        assert taken.contains(scored)
        assert type(action) is type(scored)  # an array, or the number of a choice
        assert (action.shape, action.dtype) == (taken.shape, taken.dtype) == (scored.shape, scored.dtype)
        assert np.array_equal(action, scored)
        alone = module.act(seen)
        assert alone.numpy().dtype == taken.dtype
        assert np.array_equal(alone.numpy(), scored)
    together = policy.act(np.stack([seen for seen, _ in log]))
    assert np.array_equal(together, [scored for _, scored in log])
    assert together.dtype == taken.dtype


@pytest.mark.fault(85)
@pytest.mark.parametrize("seen", OBSERVED, ids=str)
def test_a9_one_observation_in_and_one_action_out(seen: Any, tmp_path: Path) -> None:
    policy, module, log = played(seen, spaces.Discrete(3), tmp_path / "champion")
    actions = [scored for _, scored in log]
    assert [policy.act(shown) for shown, _ in log] == actions
    assert [module.act(torch.as_tensor(shown)).item() for shown, _ in log] == actions
    assert policy.act(np.stack([shown for shown, _ in log])).tolist() == actions
    assert policy.act(np.stack([shown for shown, _ in log])[:1]).shape == (1,)
    wrong = [np.zeros((*seen.shape, 1, 1)), np.zeros((2, 2, *seen.shape)), np.zeros((*seen.shape[:-1], 7, 7))]
    for observations in (*wrong, "abc", None, np.full(seen.shape, np.nan)):
        with pytest.raises(DataError, match="cannot act"):
            policy.act(observations)
    for observations in wrong:
        with pytest.raises(ValueError, match="observ"):
            module.act(observations)


@pytest.mark.fault(85)
def test_a9_other_widths_and_numbers_are_refused(tmp_path: Path) -> None:
    task = EnvironmentTask("CartPole-v1")
    champion(tmp_path / "champion", task)
    policy = load_model(tmp_path / "champion")
    assert gymnasium.make("CartPole-v1").action_space.contains(policy.act(np.zeros(4)))
    assert policy.act([0, 0.5, 0, 0]) in (0, 1)
    assert policy.act(np.zeros((0, 4))).shape == (0,)
    for shape in ((), (1,), (3,), (5,), (4, 1), (2, 3), (1, 1, 4), (0,)):
        with pytest.raises(DataError, match=r"one has \(4,\), several have \(rows, 4\)"):
            policy.act(np.zeros(shape))
    with pytest.raises(DataError, match="no memory"):
        policy.act(np.zeros(4), torch.zeros(1, 3))
    champion(tmp_path / "choices", EnvironmentTask("FrozenLake-v1"))
    policy = load_model(tmp_path / "choices")
    for observation in (16, -1, 2.5, [3, 99]):
        with pytest.raises(DataError, match=r"none of 0 to 15|no int64"):
            policy.act(observation)


@pytest.mark.fault(85)
@pytest.mark.parametrize("loop", [True, False])
def test_a11_the_interface_follows_the_setting(loop: bool, tmp_path: Path) -> None:
    task = EnvironmentTask("CartPole-v1", recurrent=True)
    _, module = champion(tmp_path / "champion", task, loop=loop)
    policy, state, own = load_model(tmp_path / "champion"), None, None
    for seen in np.random.default_rng(0).normal(size=(4, 4)):
        action, state = policy.act(seen, state)
        again, own = module.act(seen, None, own)
        assert action == again.item()
        assert torch.equal(state, own)
    assert policy.act(np.zeros((3, 4)))[1].shape == (3, state.shape[1])
    with pytest.raises(DataError, match="state has the shape"):
        policy.act(np.zeros((3, 4)), state)
    champion(tmp_path / "without", EnvironmentTask("CartPole-v1"))
    assert load_model(tmp_path / "without").act(np.zeros(4)).shape == ()


@pytest.mark.parametrize("loop", [True, False])
def test_a11_older_files_say_nothing_of_the_setting(loop: bool, tmp_path: Path) -> None:
    champion(tmp_path / "champion", EnvironmentTask("CartPole-v1"), loop=loop, task_says=False)
    assert isinstance(load_model(tmp_path / "champion").act(np.zeros(4)), tuple) is loop


@pytest.mark.parametrize(
    "task", [task_by_name("double-pole"), FunctionTask(len, inputs=3, outputs=2)], ids=["poles", "function"]
)
def test_a9_tasks_without_an_environment_act_alike(task: Task, tmp_path: Path) -> None:
    _, module = champion(tmp_path / "champion", task)
    policy, seen = load_model(tmp_path / "champion"), np.full((2, task.inputs), 0.1)
    assert policy.act(seen[0]).shape == (task.outputs,) == tuple(module.act(seen[0]).shape)
    assert policy.act(seen).shape == (2, task.outputs)
    assert policy.act(seen)[1].tolist() == policy.act(seen[1]).tolist()
    with pytest.raises(DataError, match="cannot act"):
        policy.act(seen[0][1:])
