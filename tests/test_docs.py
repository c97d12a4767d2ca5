"""Every command and snippet in the README runs, in order, as a reader would run it; most of them with a smaller search."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.forked import COMMAND, forks

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [code for found, code in BLOCK.findall(page.read_text()) if found == language]


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """A reader's folder, with a table of labeled and one of unlabeled rows."""
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    table = bunch.data.assign(species=bunch.target_names[bunch.target])
    table.to_csv(tmp_path / "iris.csv", index=False)
    table.drop(columns="species").head(10).to_csv(tmp_path / "unlabeled.csv", index=False)
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    """Run a command as it is printed, in a fresh process."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


TRAINED = ["--examples", "200", "--final-examples", "200", "--finalists", "1", "--repeats", "1"]
SMALL = {
    "run": ["--population", "4", "--generations", "2", *TRAINED, "--backend", "inline"],
    "compare": ["--population", "4", "--generations", "2", *TRAINED, "--backend", "inline"],
    "neat": ["--population", "20", "--generations", "2", "--finalists", "2"],
}
"""What makes a command's search a small one: that it works is shown by a few networks too."""


def run_small(command: list[str], folder: Path) -> None:
    """Run a command as it is printed but for the size of its search."""
    program, name, *arguments = command
    assert program == "speciate"
    argv = [program, name, *arguments, *SMALL.get(name, ())]
    done = forks().run(argv, cwd=folder, env=dict(os.environ), code=COMMAND)
    assert done.returncode == 0, f"{shlex.join(argv)}\n{done.stdout}\n{done.stderr}"


SNIPPETS = [(page.name, i, code) for page in PAGES for i, code in enumerate(blocks(page, "python"))]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "number", "code"), SNIPPETS, ids=lambda value: str(value) if isinstance(value, int) else ""
)
def test_snippets_run(page: str, number: int, code: str, reader: Path) -> None:
    done = forks().run(["-c"], cwd=reader, env=dict(os.environ), code=code, errors=("DeprecationWarning",))
    assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"


def commands_of(page: Path) -> list[list[str]]:
    lines = [
        line.removeprefix("$ ").split("#")[0]
        for code in blocks(page, "console")
        for line in code.splitlines()
    ]
    return [shlex.split(line) for line in lines]


@pytest.mark.slow
def test_the_commands_about_neat_run_in_order(reader: Path) -> None:
    commands = commands_of(ROOT / "docs" / "neat.md")
    assert len(commands) > 8
    run(commands[0], reader)
    for command in commands[1:]:
        run_small(command, reader)
    assert (reader / "cart.pt2").exists()
    assert (reader / "predictions.csv").read_text().count("\n") == 11


@pytest.mark.slow
def test_the_commands_about_data_run_in_order(reader: Path) -> None:
    for command in commands_of(ROOT / "docs" / "data.md"):
        run_small(command, reader)


@pytest.mark.slow
def test_the_readmes_commands_run_in_order(reader: Path) -> None:
    first, *commands = [command for command in commands_of(ROOT / "README.md") if command[0] != "make"]
    assert len(commands) > 8
    run(first, reader)
    for command in commands:
        run_small(command, reader)
    assert (reader / "predictions.csv").read_text().count("\n") == 11
    assert (reader / "runs" / "first" / "report.html").exists()


def test_the_readmes_make_commands_exist() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    text = (ROOT / "README.md").read_text() + (ROOT / "CONTRIBUTING.md").read_text()
    for target in set(re.findall(r"^(?:\$ )?make (\w+)", text, re.MULTILINE)):
        assert f"make {target}" in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert link.startswith("https://") or (page.parent / link).exists(), link
