"""Plugins: an installed package brings a layer, a space, a mutation, an algorithm, a source and a task, and the command uses them.

All of them come through entry points. They work in this process, in worker processes and on Ray; a run that was killed goes
on as if nothing had happened; the champion is exported.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import shown, speciate

MODULE = '''
import numpy as np
import pandas as pd
from torch import nn

import speciate
from speciate.layers import LayerType
from speciate.neat.tasks import Scores, Task


class Doubled(LayerType):
    kind = "doubled"
    genes = ("activation",)

    def shape(self, genes, inputs):
        (shape,) = inputs
        if len(shape) != 1:
            raise ValueError("it takes vectors")
        return shape

    def module(self, genes, inputs, rng):
        return nn.Sequential(nn.Linear(inputs[0][0], inputs[0][0]), nn.Tanh() if genes["activation"] == "tanh" else nn.ReLU())


def other_activation(genome, space, rng):
    nodes = [n for n in genome.layers if n.kind == "doubled"]
    if not nodes:
        return genome
    node = nodes[int(rng.integers(len(nodes)))]
    new = "relu" if dict(node.genes)["activation"] == "tanh" else "tanh"
    from speciate.spaces.surgery import with_node
    return with_node(genome, node.with_gene("activation", new))


def space(input_shape, rows, outputs, operators):
    hyper = speciate.NetworkSpace.mlp(features=2, rows=rows, outputs=outputs).hyper
    layers = {
        "doubled": {"activation": speciate.Choice(("tanh", "relu"))},
        "dense": speciate.NetworkSpace.mlp(features=2, rows=rows, outputs=outputs).layers["dense"],
    }
    weights = {"other_activation": 3.0, "add_layer": 1.0, "change_learning_rate": 1.0}
    return speciate.NetworkSpace((1, 3), layers, hyper, weights, input_shape=input_shape)


class Climb(speciate.Algorithm):
    """Mutate the best so far."""

    def __init__(self, population_size=4, greed=1):
        super().__init__(population_size)
        self.greed = greed

    def _reset(self):
        self.best = []

    def _needs(self, index):
        return index - index % self.population_size

    def _ask(self, index, rng):
        if index < self.population_size:
            return self._sample(rng)
        return self._child(self.best[int(rng.integers(len(self.best)))], rng)

    def _tell(self, evaluation):
        self.best = sorted([*self.best, evaluation], key=lambda e: -e.fitness)[: self.greed]

    def _parents(self):
        return self.best


def rings(where):
    rng = np.random.default_rng(0)
    ring = np.arange(int(where)) % 2
    angle, radius = rng.uniform(0, 6.28, len(ring)), 1 + ring + rng.normal(0, 0.1, len(ring))
    return pd.DataFrame({"x": radius * np.cos(angle), "y": radius * np.sin(angle), "ring": ring})


class Sum(Task):
    """Answer with the sum of two numbers."""

    inputs, outputs, output_activation, fitness = 2, 1, "linear", "minus the squared error"

    def __init__(self, scale=1.0):
        self.scale = scale
        self.asked = np.random.default_rng(0).uniform(-1, 1, (2, 16))

    def evaluate(self, networks, seed):
        columns = networks.start(np.repeat(np.arange(networks.size), 16))
        answers = columns.step(np.tile(self.asked, networks.size))[0].reshape(-1, 16)
        error = ((answers - self.scale * self.asked.sum(axis=0)) ** 2).mean(axis=1)
        return Scores(-error, error < 0.01, np.full(networks.size, 16))
'''

POINTS = """
[speciate.layers]
doubled = garden_plugin:Doubled
[speciate.mutations]
other_activation = garden_plugin:other_activation
[speciate.spaces]
garden = garden_plugin:space
[speciate.algorithms]
climb = garden_plugin:Climb
[speciate.sources]
garden = garden_plugin:rings
[speciate.tasks]
sum = garden_plugin:Sum
"""

RUN = [
    "run",
    "garden:120",
    "--target",
    "ring",
    "--algorithm",
    "climb",
    "--space",
    "garden",
    "--inherit",
    "common",
    "--population",
    "4",
    "--generations",
    "4",
]
RUN += [
    "--examples",
    "400",
    "--final-examples",
    "400",
    "--finalists",
    "2",
    "--repeats",
    "1",
    "--option",
    "greed=2",
    "--name",
    "grown",
]


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed plugin."""
    folder = tmp_path_factory.mktemp("plugin") / "site"
    info = folder / "garden_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: garden-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    (folder / "garden_plugin.py").write_text(MODULE)
    return folder


@pytest.fixture(scope="module")
def inline(garden: Path, tmp_path_factory: pytest.TempPathFactory) -> list:
    """What comes of a run in one process."""
    folder = tmp_path_factory.mktemp("inline")
    with_plugin(garden, *RUN, "--backend", "inline", cwd=folder)
    with pytest.MonkeyPatch.context() as patch:
        return plain(look(garden, folder, patch))


def plain(run: dict) -> list:
    return [(s["id"], s["genome"], s["parents"], s["operator"], s["score"]) for s in run["scores"]]


def with_plugin(garden: Path, *arguments: str, cwd: Path) -> None:
    done = speciate(*arguments, cwd=cwd, PYTHONPATH=paths(garden))
    assert done.returncode == 0, done.stderr + done.stdout


def paths(garden: Path) -> str:
    return ":".join([str(garden), *(p for p in sys.path if p.endswith("src"))])


def look(garden: Path, cwd: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setenv("PYTHONPATH", paths(garden))
    return shown("grown", cwd)


def test_a_plugin_works_everywhere_survives_and_is_exported(
    garden: Path, inline: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    with_plugin(garden, *RUN, "--workers", "2", cwd=folder)
    two = look(garden, folder, monkeypatch)
    assert inline == plain(two)
    assert {"other_activation", "sample"} <= {s["operator"] for s in two["scores"]}
    assert two["algorithm"] == "climb"

    killed = tmp_path / "killed"
    killed.mkdir()
    dead = speciate(
        *RUN,
        "--workers",
        "1",
        cwd=killed,
        PYTHONPATH=paths(garden),
        SPECIATE_CRASH_AT="evaluations-committed:7",
    )
    if dead.returncode != -9:  # the name of the place is read from the code
        pytest.fail(f"it was not killed: {dead.returncode} {dead.stderr}")
    with_plugin(garden, "resume", "grown", cwd=killed)
    after = look(garden, killed, monkeypatch)
    assert plain(after) == plain(two)
    assert after["champion"]["weights"] == two["champion"]["weights"]

    with_plugin(garden, "export", "grown", "--format", "torch", "--out", "grown.pt2", cwd=killed)
    with_plugin(garden, "report", "grown", cwd=killed)
    rows = "x,y\n1.0,0.1\n0.0,2.0\n"
    (killed / "new.csv").write_text(rows)
    assert (
        len(speciate("predict", "grown", "new.csv", cwd=killed, PYTHONPATH=paths(garden)).stdout.splitlines())
        == 3
    )
    alone = killed / "runs" / "grown" / "champion" / "model.py"
    assert "speciate" not in "".join(
        line for line in alone.read_text().splitlines() if line.startswith(("import", "from"))
    )


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")
def test_a_plugin_works_on_ray(
    garden: Path, inline: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_plugin(garden, *RUN, "--backend", "ray", "--workers", "1", cwd=tmp_path)
    assert inline == plain(look(garden, tmp_path, monkeypatch))


def test_a_task_of_a_plugin(garden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = ["--generations", "3", "--population", "30", "--option", "scale=0.5", "--name", "grown"]
    with_plugin(garden, "neat", "sum", *flags, cwd=tmp_path)
    first = look(garden, tmp_path, monkeypatch)
    (tmp_path / "two").mkdir()
    with_plugin(garden, "neat", "sum", *flags, "--workers", "2", cwd=tmp_path / "two")
    second = look(garden, tmp_path / "two", monkeypatch)
    assert first["champion"]["valid_score"] == second["champion"]["valid_score"]
    assert np.isfinite(first["champion"]["valid_score"])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--algorithm", "climbs"], "climb"),
        (["--option", "gread=2"], "greed"),
        (["--space", "gardens"], "garden'"),
    ],
)
def test_typos_are_refused_with_what_there_is(
    garden: Path, tmp_path: Path, flags: list[str], said: str
) -> None:
    done = speciate(*RUN, *flags, cwd=tmp_path, PYTHONPATH=paths(garden))
    assert done.returncode in (2, 78)  # flags are read by the command line, files by the configuration
    assert said in " ".join((done.stderr + done.stdout).replace("│", " ").split())
    assert not (tmp_path / "runs").exists()
