"""What somebody brings along: a fitness function, a task, an environment, an evolver; in a script, with workers, by the command."""

from __future__ import annotations

import math
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.conftest import speciate as in_a_process
from tests.forked import forks
from tests.inside import speciate as command

import speciate
from speciate import load_model, neuroevolve
from speciate.errors import ConfigurationError, EvaluationError, SpeciateError
from speciate.neat.evolvers import EVOLVERS, Neat
from speciate.neat.tasks import TASKS, FunctionTask, Scores, Task, task_by_name
from speciate.neat.tasks.function import CallableNetwork

EXAMPLES = Path(__file__).parents[2] / "examples"


def script(folder: Path, text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a script without a guard and without a file does."""
    return forks().run(["-"], cwd=folder, env={**os.environ, **variables}, code=text)


@pytest.fixture(autouse=True)
def _registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten."""
    for registry in (TASKS, EVOLVERS):
        monkeypatch.setattr(registry, "_things", {**registry})


def solved(search: speciate.Search) -> bool:
    return any(row.metrics.get("solved") for row in search.rows)


@pytest.mark.parametrize("name", ["neat_function", "own_task", "own_environment"])
def test_examples_run(name: str, tmp_path: Path) -> None:
    if name == "own_environment":
        pytest.importorskip("gymnasium")
    done = forks().run([str(EXAMPLES / f"{name}.py")], cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "hidden" in done.stdout


class TestFunction:
    def test_a_network_answers_for_one_input_or_many(self) -> None:
        networks = Neat(3, 2, 4, seed=1).networks()
        net, other = CallableNetwork(networks, 2), CallableNetwork(networks, 3)
        many = np.arange(12.0).reshape(4, 3) / 12
        assert net(many).shape == (4, 2)
        assert net(many[1]).shape == (2,)
        assert np.array([net(row) for row in many]).tolist() == net(many).tolist()
        assert net([0.1, 0.2, 0.3]).tolist() != other([0.1, 0.2, 0.3]).tolist()
        assert net.steps == 4 + 1 + 4 + 4 + 1
        for wrong in (1.0, [1.0, 2.0], [[[1.0, 2.0, 3.0]]]):
            with pytest.raises(ValueError, match=r"expected \(3,\) or \(n, 3\) inputs"):
                net(wrong)

    def test_a_recurrent_network_remembers_until_it_is_reset(self, tmp_path: Path) -> None:
        def memory(net: CallableNetwork) -> float:
            outputs = []
            for first in (1.0, 0.0):
                net.reset()
                outputs.append(net([[first], [0.0], [0.0]])[2, 0])
            return float(outputs[0] - outputs[1])

        given: dict[str, Any] = {"inputs": 1, "outputs": 1, "generations": 10, "runs": str(tmp_path)}
        assert neuroevolve(fitness=memory, recurrent=True, **given).champion.valid_score > 0.5
        assert neuroevolve(fitness=memory, **given).champion.valid_score == 0.0

    def test_the_least_is_found_too_and_the_goal_ends_the_search(self, tmp_path: Path) -> None:
        search = neuroevolve(
            fitness=lambda net: abs(net([1.0])[0] - 0.25),
            inputs=1,
            outputs=1,
            minimize=True,
            goal=0.01,
            runs=str(tmp_path),
        )
        assert solved(search)
        assert -0.01 <= search.champion.valid_score <= 0
        policy = load_model(search.folder.path)
        assert abs(policy.outputs(np.array([[1.0]]))[0, 0] - 0.25) == -search.champion.valid_score

    def test_what_is_no_number_counts_as_the_worst_and_is_said_once(self, tmp_path: Path) -> None:
        calls = []

        def fitness(net: CallableNetwork) -> float:
            calls.append(0)
            match len(calls) % 50:
                case 7:
                    return math.nan
                case 8:
                    return math.inf
                case 9:
                    raise ZeroDivisionError("by chance")
            return -abs(float(net([1.0, 1.0])[0]) - 0.5)

        search = neuroevolve(
            fitness=fitness, inputs=2, outputs=1, generations=4, population=50, brood=5, runs=str(tmp_path)
        )
        assert search.champion.valid_score > -0.5
        assert [row.metrics.get("failed") for row in search.rows if row.metrics.get("failed")] == [
            1,
            4 - 1,
        ] or (sum(row.metrics.get("failed", 0) for row in search.rows) == 4 * 3)
        assert len([kind for _, kind, _ in search.store.events() if kind == "failed"]) == 1

    def test_a_function_that_always_fails_ends_the_run_with_its_error(self, tmp_path: Path) -> None:
        with pytest.raises(EvaluationError, match="no attribute 'foo'"):
            neuroevolve(fitness=lambda net: net.foo, inputs=2, outputs=1, runs=str(tmp_path))

    def test_what_is_missing_or_of_no_use_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="outputs"):
            neuroevolve(fitness=abs, inputs=2, runs=str(tmp_path))
        with pytest.raises(ConfigurationError, match="episodes"):
            neuroevolve(fitness=abs, inputs=2, outputs=1, episodes=3, runs=str(tmp_path))
        with pytest.raises(ConfigurationError, match="a task or a fitness"):
            neuroevolve(runs=str(tmp_path))
        with pytest.raises(ConfigurationError, match="output_activation"):
            FunctionTask(abs, 1, 1, output_activation="relu")  # type: ignore[arg-type]


class Ones(Task):
    """A task without settings, and without a long test, an examination or a goal."""

    inputs, outputs = 2, 1

    def evaluate(self, networks: Any, seed: int) -> Scores:
        outputs = networks.start(np.arange(networks.size)).step(np.ones((2, networks.size)))[0]
        return Scores(outputs, np.zeros(networks.size, np.bool_), np.ones(networks.size, np.int64))


class TestTask:
    @pytest.mark.parametrize("name", ["goal", "episodes", "recurrent", "start", "target"])
    def test_settings_that_a_task_of_ones_own_has_no_use_for_are_refused(
        self, name: str, tmp_path: Path
    ) -> None:
        value = {"recurrent": True, "target": "y"}.get(name, 3)
        with pytest.raises(ConfigurationError, match=f"{name} = .*: only task = "):
            neuroevolve(Ones(), **{name: value}, runs=str(tmp_path))
        with pytest.raises(ConfigurationError, match="no size"):
            neuroevolve(Ones(), options={"size": 3}, runs=str(tmp_path))

    def test_a_run_that_was_killed_goes_on_when_it_is_called_again(self, tmp_path: Path) -> None:
        text = """
import os, signal
import numpy as np
from speciate import neuroevolve
from speciate.neat.tasks import Scores, Task

class Sum(Task):
    inputs, outputs = 2, 1
    calls = 0
    def evaluate(self, networks, seed):
        Sum.calls += 1
        if Sum.calls == int(os.environ.get("KILLED", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        outputs = networks.start(np.arange(networks.size)).step(np.ones((2, networks.size)))[0]
        return Scores(outputs * CHANGE, np.zeros(networks.size, bool), np.ones(networks.size, int))

search = neuroevolve(Sum(), population=20, brood=5, generations=6, name=os.environ["NAME"])
print(search.champion, Sum.calls)
""".replace("CHANGE", "1")
        whole = script(tmp_path, text, NAME="whole")
        assert script(tmp_path, text, NAME="it", KILLED="14").returncode == -signal.SIGKILL
        told = command("resume", "it", cwd=tmp_path)
        assert told.returncode == 78
        assert "name=NAME" in told.stderr
        again = script(tmp_path, text, NAME="it")
        assert again.returncode == 0, again.stderr
        ours, theirs = (done.stdout.rsplit(" ", 1) for done in (again, whole))
        assert ours[0] == theirs[0]
        assert int(ours[1]) < int(theirs[1]) == 24
        changed = script(tmp_path, text.replace("* 1", "* 2"), NAME="it")
        assert "other settings" in changed.stderr
        assert "'code'" in changed.stderr

    def test_a_name_that_another_run_has_is_taken(self, tmp_path: Path) -> None:
        neuroevolve("xor", generations=1, population=10, runs=str(tmp_path), name="it")
        with pytest.raises(SpeciateError, match="there is a run named it"):
            neuroevolve(Ones(), generations=1, population=10, runs=str(tmp_path), name="it")

    def test_by_the_command_and_resumed(self, tmp_path: Path) -> None:
        (tmp_path / "own_task.py").write_text((EXAMPLES / "own_task.py").read_text())
        given = ("--population", "40", "--option", "bits=2", "--name", "it", "--seed", "2", "--go-on")

        def run(*arguments: str) -> str:
            done = in_a_process(*arguments, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            return done.stdout

        run("neat", "own_task:Parity", *given, "--generations", "2")
        assert "5 generations" in run("resume", "it", "--generations", "5")
        done = in_a_process("neat", "own_task:Parity", "--option", "bitz=2", cwd=tmp_path)
        assert done.returncode == 78
        assert "parity has no bitz" in done.stderr.lower()

    def test_by_its_registered_name(self) -> None:
        class Registered(Ones):
            def __init__(self, size: int = 2) -> None:
                self.size = self.inputs = size

        speciate.task(Registered)
        assert TASKS["registered"] is Registered
        assert task_by_name("registered", size=3).settings() == {"size": 3}
        with pytest.raises(ConfigurationError, match="task registered has no sise"):
            task_by_name("registered", sise=3)


def test_an_evolver_of_ones_own(tmp_path: Path) -> None:
    class Blind(EVOLVERS["genetic"]):  # type: ignore[misc]
        """Does not look at fitness."""

        def __init__(self, network: Any, population_size: int, seed: int, *, patience: int = 3) -> None:
            super().__init__(network, population_size, seed)
            self.patience = patience

        def _tell(self, fitness: Any) -> None:
            super()._tell(np.zeros(len(fitness)))

    speciate.evolver(Blind)
    given: dict[str, Any] = {"algorithm": "blind", "population": 10, "generations": 2, "runs": str(tmp_path)}
    search = neuroevolve("xor", **given, hidden="3", options={"patience": 4})
    known = search.store.get("identity")["algorithm"]
    assert (known["name"], known["hidden"], known["patience"]) == ("blind", [3], 4)
    assert known["code"]
    with pytest.raises(ConfigurationError, match=r'power = 0\.5: only algorithm = "genetic" has it'):
        neuroevolve("xor", **given, power=0.5)


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def gymnasium(self) -> Any:
        return pytest.importorskip("gymnasium")

    GIVEN = ("--population", "10", "--generations", "1", "--finalists", "0", "--name", "it", "--json")

    def test_keyword_arguments_from_python_and_the_command(self, tmp_path: Path) -> None:
        search = neuroevolve(
            "FrozenLake-v1",
            options={"is_slippery": False, "map_name": "8x8"},
            population=10,
            generations=1,
            finalists=0,
            runs=str(tmp_path / "runs"),
            name="python",
        )
        option = ("--option", "is_slippery=false", "--option", "map_name=8x8")
        done = command("neat", "FrozenLake-v1", *option, *self.GIVEN, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert '"inputs": 64' in done.stdout or "64 inputs" in done.stdout
        assert search.evaluator.facts()["inputs"] == 64
        wrong = command("neat", "FrozenLake-v1", "--option", "colour=1", cwd=tmp_path)
        assert wrong.returncode == 2
        assert "colour" in wrong.stderr

    def test_a_module_that_registers_one(self, tmp_path: Path) -> None:
        text = (EXAMPLES / "own_environment.py").read_text()
        (tmp_path / "halls.py").write_text(text[: text.index("search = ")])
        for name in ("halls:Corridor-v0", "halls:Corridor"):
            arguments = ["neat", name, *self.GIVEN[:-2], f"it{len(name)}", "--workers", "2", "--quiet"]
            done = in_a_process(*arguments, cwd=tmp_path)
            assert done.returncode == 0, done.stderr

    def test_one_that_fails_now_and_then_counts_against_the_network(
        self, gymnasium: Any, tmp_path: Path
    ) -> None:
        class Fragile(gymnasium.Env):  # type: ignore[misc]
            observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
            action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float64)

            def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
                super().reset(seed=seed)
                self.steps = 0
                return np.array([0.5, 1.0]), {}

            def step(self, action: Any) -> Any:
                self.steps += 1
                chance = self.np_random.random()
                if chance < 0.002:
                    raise RuntimeError("the joint broke")
                reward = math.inf if chance < 0.003 else float(action[0])
                seen = np.array([math.inf, -math.inf]) if chance < 0.01 else self.np_random.random(2)
                return seen, reward, self.steps >= 20, False, {}

        search = neuroevolve(
            Fragile, episodes=2, population=30, generations=3, runs=str(tmp_path), name="fragile"
        )
        assert search.status == "finished"
        assert search.champion is not None
        assert math.isfinite(search.champion.valid_score)
        assert sum(row.metrics.get("failed", 0) for row in search.rows) > 0

    def test_one_that_always_fails_says_why(self, gymnasium: Any, tmp_path: Path) -> None:
        class Broken(gymnasium.Env):  # type: ignore[misc]
            observation_space = gymnasium.spaces.Discrete(3)
            action_space = gymnasium.spaces.Discrete(2)

            def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
                raise RuntimeError("the motor is off")

        with pytest.raises(EvaluationError, match="the motor is off"):
            neuroevolve(Broken, population=20, generations=1, brood=4, runs=str(tmp_path))

    def test_episodes_that_never_end_are_cut(self, tmp_path: Path) -> None:
        search = neuroevolve(
            "CliffWalking-v1",
            episodes=1,
            population=10,
            time=3,
            options={"max_episode_steps": 30},
            runs=str(tmp_path),
        )
        assert search.elapsed < 30
        task: Any = task_by_name("CliffWalking-v1", episodes=1)
        scores = task.evaluate(Neat(task.inputs, task.outputs, 4, seed=0).networks(), 0)
        assert scores.steps.max() <= 1000
