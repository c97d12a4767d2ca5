"""A network of single connections computes as a torch module, and in model.py, what it computed in the population."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from alone import alone

from speciate.champion import ConnectionsModel, export, load_model, write_champion
from speciate.champion.connections import module_of
from speciate.champion.standalone.connections import to_actions, to_inputs
from speciate.champion.wiring import wiring
from speciate.data import load_data
from speciate.errors import DataError, UsageError
from speciate.neat.evolvers import Neat
from speciate.neat.genome import ACTIVATIONS
from speciate.neat.parameters import TUNED
from speciate.neat.population import Population
from speciate.neat.tasks.table import TableTask

TASK = {"name": "walk", "fitness": "steps", "goal": None}
PLAIN = {"observations": {"kind": "plain"}, "actions": {"kind": "plain"}}


def evolved(recurrent: bool, seed: int, generations: int = 25) -> Population:
    """Twenty networks that have grown at random."""
    given = TUNED.but(
        recurrent=recurrent,
        add_node=0.4,
        add_connection=0.5,
        activations=ACTIVATIONS,
        output_activation="tanh",
    )
    evolver, rng = Neat(3, 2, 20, seed, given), np.random.default_rng(seed)
    for _ in range(generations):
        evolver.tell(rng.random(20))
    return evolver.ask()


def published(folder: Path, genome: dict[str, Any], **forms: Any) -> Path:
    table = forms.pop("table", None)
    champion = {
        "id": 7, "genome": genome, "description": "a network", "valid_score": 3.5, "numbers": {"steps": 9.0}, "parameters": 4,
    }  # fmt: skip
    facts = {
        "run": {"name": "r", "seed": 0, "algorithm": "neat"},
        "evaluations": 100,
        "generations": 5,
        "versions": {"speciate": "1"},
    }
    write_champion(folder, ConnectionsModel.of(champion, {**TASK, **PLAIN, **forms}, table, facts))
    return folder


@pytest.mark.parametrize("recurrent", [False, True])
def test_the_module_answers_as_the_table_does(recurrent: bool) -> None:
    population = evolved(recurrent, seed=4)
    seen = np.random.default_rng(1).normal(size=(6, 3))
    columns = population.networks().start(np.arange(population.size))
    expected = np.array([columns.step(np.repeat(row[:, None], population.size, 1)).copy() for row in seen])
    genomes = [population.genome(k) for k in range(population.size)]
    assert sum(member.recurrent for member in genomes) > (10 if recurrent else -1)
    for k, member in enumerate(genomes):
        module, state = module_of(wiring(member.to_json())), None
        for step, row in enumerate(seen):
            answer = module(torch.tensor(row[None]), state)
            outputs, state = answer if module.recurrent else (answer, None)
            assert outputs.detach().numpy()[0] == pytest.approx(expected[step, :, k], abs=1e-12)


def test_a_network_by_hand() -> None:
    """One hidden node with a loop: h = relu(2 x + h of the step before), y = 3 h - 1."""
    nodes = [
        {"node": 2, "position": 1.0, "activation": "linear"},
        {"node": 3, "position": 0.5, "activation": "relu"},
    ]
    ends = [(0, 3, 2.0, True), (3, 3, 1.0, True), (3, 2, 3.0, True), (1, 2, -1.0, True), (0, 2, 9.0, False)]
    genes = [
        {"innovation": i, "source": s, "target": t, "weight": w, "enabled": e}
        for i, (s, t, w, e) in enumerate(ends)
    ]
    genome = {"kind": "neat", "inputs": 1, "outputs": 1, "nodes": nodes, "connections": genes}
    wired = wiring(genome)
    assert wired.groups == (("relu", 1), ("linear", 1))
    assert wired.places == (
        (0, "weights_0", 0, 0), (1, "memory_0", 0, 0), (2, "weights_1", 0, 2), (3, "weights_1", 0, 1),
    )  # fmt: skip
    module, state, found = module_of(wired), None, []
    for x in (1.0, 0.5, -5.0):
        outputs, state = module(torch.tensor([[x]]), state)
        found.append(outputs.item())
    assert found == [5.0, 8.0, -1.0]  # h = 2, 3, max(0, -10 + 3)


@pytest.mark.parametrize("recurrent", [False, True])
def test_model_py_needs_torch_alone_and_acts_alike(recurrent: bool, tmp_path: Path) -> None:
    member = next(m for m in (evolved(recurrent, 2).genome(k) for k in range(20)) if m.recurrent == recurrent)
    folder = published(tmp_path / "champion", member.to_json(), actions={"kind": "greatest", "first": 1})
    seen = np.random.default_rng(3).normal(size=(40, 3))
    table = "a,b,c\n" + "".join(",".join(map(repr, row)) + "\n" for row in seen.tolist())
    (tmp_path / "seen.csv").write_text(table)
    done = alone(folder, tmp_path / "seen.csv")
    assert done.returncode == 0, done.stderr
    policy, state, expected = load_model(folder), None, []
    for row in seen:
        answer = policy.act(row[None], state)
        actions, state = answer if recurrent else (answer, None)
        expected.append(int(actions[0]))
    assert done.stdout.split() == ["action", *map(str, expected)]
    assert set(expected) <= {1, 2}


@pytest.fixture
def actor(tmp_path: Path) -> Path:
    """A champion that acts on three numbers."""
    return published(tmp_path / "champion", evolved(False, 2).genome(0).to_json())


@pytest.mark.parametrize(
    ("header", "separator", "point"),
    [("", ",", "."), ("", ";", ","), ("a;b;c\n", ";", ","), ("\n", "\t", ".")],
)
def test_a_first_row_of_numbers_is_no_header(
    header: str, separator: str, point: str, actor: Path, tmp_path: Path
) -> None:
    seen = [[0.5, -1.25, 2.0], [0.5, 0.5, 0.5], [1.5, -3e-1, 0.25]]
    lines = [separator.join(map(repr, row)).replace(".", point) + "\n" for row in seen]
    (tmp_path / "seen.csv").write_text(header + "".join(lines))
    done = alone(actor, tmp_path / "seen.csv")
    assert done.returncode == 0, done.stderr
    policy = load_model(actor)
    found = [[float(cell) for cell in line.split(",")] for line in done.stdout.splitlines()[1:]]
    assert np.array(found) == pytest.approx(policy.act(np.array(seen)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3,4\n", "columns: 3 expected, 2 found"),
        ("a,b,c,d\n1,2,3,4\n", "columns: 3 expected, 4 found"),
        ("a,b,c\n", "the table has no rows"),
        ("", "the table has no rows"),
        ("a,b,c\n1,2,x\n", "c: 'x' is no number"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(text: str, message: str, actor: Path, tmp_path: Path) -> None:
    (tmp_path / "seen.csv").write_text(text)
    done = alone(actor, tmp_path / "seen.csv")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.splitlines()[-1] == f"error: {message}"  # torch warns that NumPy is blocked here
    assert "Traceback" not in done.stderr


def tabular(folder: Path, source: Any) -> tuple[Path, TableTask, Population]:
    """A champion of a table that nothing was evolved for, and what it was."""
    task = TableTask(source if isinstance(source, str) else load_data(source, target="y", seed=0))
    given = TUNED.but(output_activation="linear", add_node=0.4, add_connection=0.5)
    evolver, rng = Neat(task.inputs, task.outputs, 20, 3, given), np.random.default_rng(3)
    for _ in range(10):
        evolver.tell(rng.random(20))
    population = evolver.ask().take([5])
    named = {"name": "table:rows", "fitness": task.fitness, "goal": None}
    return (
        published(folder, population.genome(0).to_json(), table=task.table(), **named),
        task,
        population,
    )


def mixed(target: str) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(170.0, 10.0, 90).round(1)
    color = rng.choice(["red", "green", "blue"], 90)
    y = 4e5 + 1e4 * size if target == "number" else np.where(size > 170.0, "tall", "short")
    return pd.DataFrame({"size": np.where(rng.random(90) < 0.1, np.nan, size), "color": color, "y": y})


@pytest.mark.parametrize("target", ["number", "class"])
def test_a_champion_of_a_table_takes_raw_rows(target: str, tmp_path: Path) -> None:
    raw = mixed(target)
    folder, task, population = tabular(tmp_path / "champion", raw)
    raw[["color", "size"]].to_csv(tmp_path / "rows.csv", index=False)  # columns are found by name
    policy = load_model(export(folder, tmp_path / "code", "code"))
    expected = task.predict(population.networks(), task.data.preprocessing.transform(raw))
    done = alone(tmp_path / "code", tmp_path / "rows.csv")
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(io.StringIO(done.stdout))
    if target == "number":
        assert found["prediction"].to_numpy() == pytest.approx(expected)
        assert policy.predict(raw) == pytest.approx(expected)
    else:
        assert found.iloc[:, 1:].to_numpy() == pytest.approx(expected)
        labels = [task.data.classes[k] for k in expected.argmax(axis=1)]
        assert found["prediction"].tolist() == labels == policy.predict(raw).tolist()
    assert policy.predict_table(str(tmp_path / "rows.csv"))["prediction"].tolist() == pytest.approx(
        found["prediction"].tolist()
    )
    with pytest.raises(UsageError, match="it does not act"):
        policy.act(np.zeros((1, task.inputs)))
    (tmp_path / "rows.csv").write_text("size,colour\n170,red\n")
    done = alone(tmp_path / "code", tmp_path / "rows.csv")
    assert (done.returncode, done.stdout) == (65, "")
    assert done.stderr.endswith("error: columns missing: 'color'; the table has size, colour\n")


def test_a_champion_of_images_takes_raw_values(tmp_path: Path) -> None:
    folder, task, population = tabular(tmp_path / "champion", "sklearn:digits")
    rng = np.random.default_rng(0)
    raw = rng.integers(0, 17, (20, 64))
    pd.DataFrame(raw).to_csv(tmp_path / "rows.csv", index=False)
    done = alone(folder, tmp_path / "rows.csv")
    assert done.returncode == 0, done.stderr
    expected = task.predict(population.networks(), task.data.preprocessing.transform(raw))
    assert pd.read_csv(io.StringIO(done.stdout)).iloc[:, 1:].to_numpy() == pytest.approx(expected)


@pytest.mark.parametrize("target", ["number", "class"])
def test_the_card_of_a_table_speaks_of_rows(target: str, tmp_path: Path) -> None:
    folder, _, _ = tabular(tmp_path / "champion", mixed(target))
    card, code = (folder / "README.md").read_text(), (folder / "model.py").read_text()
    for word in ("as they are", "simulated", "physics", "observations", "act("):
        assert word not in card
    assert "| size | numeric, standardized |" in card
    assert "| color | 3 categories, one input each" in card
    assert ("the value is" if target == "number" else "a logit for each class: short, tall") in card
    assert "python model.py rows.csv > predictions.csv" in card
    assert "raw rows, whose columns are found by name" in code.split('"""')[1]


def test_what_an_environment_shows_and_takes() -> None:
    hot = {"kind": "one-hot", "first": 3, "count": 2}
    assert to_inputs(torch.tensor([3, 4]), hot).tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="none of 3 to 4"):
        to_inputs(torch.tensor([3, 5]), hot)
    scaled = {"kind": "scaled", "middle": [1.0, 0.0], "half": [2.0, 1.0]}
    assert to_inputs(torch.tensor([[3.0, 7.0]]), scaled).tolist() == [[1.0, 7.0]]
    outputs = torch.tensor([[0.5, 0.5, -2.0, 0.0]]).double()

    def actions(shape: list[int], dtype: str = "int64", **form: Any) -> Any:
        return to_actions(outputs, {**form, "shape": shape, "dtype": dtype}).tolist()

    assert actions([], kind="greatest", first=0) == [0]
    assert actions([2], kind="greatest of each", sizes=[2, 2], first=[0, 5]) == [[0, 6]]
    assert actions([4], "int8", kind="positive") == [[1, 1, 0, 0]]
    ends = {"low": [0.0, -1.0, -4.0, -1e9], "high": [2.0, 1.0, 4.0, 1e9], "bounded": [True] * 3 + [False]}
    assert actions([4], "float64", kind="span", **ends) == [[1.5, 0.5, -4.0, 0.0]]
    assert actions([2, 2], "int32", kind="span", **ends) == [[[1, 0], [-4, 0]]]


def test_it_is_written_without_torch(tmp_path: Path) -> None:
    """A run without gradients ends without waiting for torch to be imported."""
    folder = published(tmp_path / "champion", evolved(False, 0).genome(0).to_json())
    code = (
        "import sys; from pathlib import Path; from speciate.champion.folder import read_description, write_champion; "
        "from speciate.champion import ConnectionsModel; folder = Path(sys.argv[1]); "
        "model = ConnectionsModel(read_description(folder / 'model.json')); "
        "write_champion(folder.with_name('again'), model); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    assert (tmp_path / "again" / "model.py").read_bytes() == (folder / "model.py").read_bytes()


def test_published_again_it_is_left_alone(tmp_path: Path) -> None:
    genome = evolved(False, 0).genome(0).to_json()
    folder = published(tmp_path / "champion", genome)
    before = (folder / "model.py").stat().st_ino
    published(folder, genome)
    assert (folder / "model.py").stat().st_ino == before
    (folder / "README.md").unlink()
    published(folder, genome)
    assert (folder / "README.md").is_file()


def chain(count: int) -> list[dict[str, Any]]:
    """Nodes of which each second one has another activation."""
    words = ("tanh", "relu")
    return [{"node": 4 + i, "position": i / count, "activation": words[i % 2]} for i in range(count)]


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["genome"]["nodes"][0].update(activation="exec"), "activation"),
        (lambda d: d["genome"]["connections"][0].update(weight=float("nan")), "NaN"),
        (lambda d: d["genome"].update(outputs=0), "outputs"),
        (lambda d: d["genome"]["connections"][0].update(target=999_999, enabled=True), "not a network"),
        (lambda d: d["task"].update(actions={"kind": "import os"}), "actions of an unknown kind"),
        (lambda d: d["genome"].update(inputs=90_000), "not those of the weight file"),
        (
            lambda d: d["genome"].update(nodes=chain(30_000)),
            "its matrices hold more than 250,000,000 numbers",
        ),
        (lambda d: d["genome"].update(nodes=chain(100_001)), "at most 100000 items"),
        (lambda d: d.update(sha256="0" * 64), "altered"),
        (lambda d: d.update(more=1), "more"),
    ],
)
def test_a_damaged_folder_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    folder = published(tmp_path / "champion", evolved(False, 0).genome(0).to_json())
    description = json.loads((folder / "model.json").read_text())
    change(description)
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(DataError, match=message):
        load_model(folder)


def test_exported_it_answers_alike(tmp_path: Path) -> None:
    population = evolved(False, seed=6)
    folder = published(tmp_path / "champion", population.genome(3).to_json())
    program = torch.export.load(export(folder, tmp_path / "a.pt2", "torch")).module()
    inputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    policy = load_model(folder)
    assert torch.equal(program(inputs), policy.module(inputs))
    code = export(folder, tmp_path / "code", "code")
    assert (code / "model.json").read_bytes() == (folder / "model.json").read_bytes()
    with pytest.raises(UsageError, match="does not predict"):
        policy.predict_table("sklearn:iris")


@pytest.mark.parametrize("loop", [True, False])
def test_a_network_with_a_memory_is_exported_with_its_state(loop: bool, tmp_path: Path) -> None:
    member = next(m for k in range(20) if (m := evolved(loop, 1).genome(k)).recurrent is loop)
    folder = published(tmp_path / "champion", member.to_json(), recurrent=True)
    given = torch.ones(3, 3), torch.ones(3, len(member.nodes)).double()
    expected = load_model(folder).module(*given)
    program = torch.export.load(export(folder, tmp_path / "a.pt2", "torch")).module()
    assert all(map(torch.equal, program(*given), expected))
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    content = export(folder, tmp_path / "a.onnx", "onnx").read_bytes()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(["outputs", "after"], {"inputs": given[0].numpy(), "before": given[1].numpy()})
    for part, right in zip(found, expected, strict=True):
        assert part == pytest.approx(right.detach().numpy(), abs=1e-5)
