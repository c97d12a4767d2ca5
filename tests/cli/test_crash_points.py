"""A process that dies at any place where something becomes permanent goes on as if nothing had happened.

The places are read from the code: one that is added there without a case here fails a test.
"""

from __future__ import annotations

import ast
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.inside import shown
from tests.store.freeze import FROZEN

from speciate.failpoints import VARIABLE
from speciate.report.build import report_data
from speciate.store import RunFolder
from speciate.store.schema import VERSION

from .conftest import results, speciate
from .test_asynchronous import recorded, what_it_came_to
from .test_neat import stored

pytestmark = [pytest.mark.slow, pytest.mark.fault(1)]

SOURCES = sorted((Path(__file__).parents[2] / "src").rglob("*.py"))

MAKERS = {  # by what is called: the argument that names what is written, and the points that are made of it
    "crash_point": (0, ("{}",)),
    "_transaction": (0, ("{}-uncommitted", "{}-committed")),
    "write_file": (2, ("{}-unnamed", "{}-named")),
    "write_out": (2, ("{}-unnamed", "{}-named")),
}


def called(node: ast.Call) -> str:
    """The name of a function or a method."""
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


def functions() -> Iterator[tuple[str, ast.FunctionDef, list[ast.Call]]]:
    """Every function of the project with all that it calls."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
                yield f"{file.name}: {node.name}", node, calls


def points() -> set[str]:
    """The names of all crash points."""
    found = set()
    for where, function, calls in functions():
        for call in calls:
            if called(call) not in MAKERS or function.name in MAKERS:  # these make names of their argument
                continue
            place, patterns = MAKERS[called(call)]
            name = call.args[place] if len(call.args) > place else None
            assert isinstance(name, ast.Constant), f"{where}: a crash point's name is a constant"
            found |= {pattern.format(name.value) for pattern in patterns}
    return found


def is_permanent(call: ast.Call) -> bool:
    """Whether a call renames a file or commits a transaction. `str.replace` has two arguments."""
    if called(call) == "execute":
        return isinstance(call.args[0], ast.Constant) and str(call.args[0].value).startswith("COMMIT")
    one = len(call.args) == 1 and not call.keywords
    moves = called(call) in ("replace", "rename") and one and isinstance(call.func, ast.Attribute)
    return moves or ast.unparse(call.func) in ("os.replace", "os.rename", "os.link", "shutil.move")


SETTINGS = [
    *(
        "sklearn:iris",
        "--population",
        "4",
        "--generations",
        "2",
        "--examples",
        "200",
        "--final-examples",
        "200",
    ),
    *("--backend", "inline"),
]
FINAL = ["--finalists", "2", "--repeats", "2"]
HEIRS = [*SETTINGS, *FINAL, "--algorithm", "tournament", "--inherit", "preserve", "--crossover", "0.3"]
NEAT = ["xor", "--population", "10", "--generations", "3", "--brood", "5", "--go-on"]
LONGER = ["--generations", "3"]
TOGETHER = [*SETTINGS, "--finalists", "2"]


class Place:
    """A folder in which commands run; the run in it is called "it".

    Args:
        path: The folder.
        whole: What was made without being killed, by name.
    """

    def __init__(self, path: Path, whole: dict[str, Path]) -> None:
        self.path, self.whole = path, whole
        path.mkdir(exist_ok=True)

    def take(self, name: str) -> None:
        """Begin with a copy of what was made."""
        shutil.copytree(self.whole[name], self.path, dirs_exist_ok=True)

    def run(self, *arguments: str) -> None:
        """Run a command to its end."""
        done = speciate(*arguments, cwd=self.path)
        assert done.returncode == 0, done.stderr

    def die(self, point: str, *arguments: str) -> None:
        """Run a command up to a crash point."""
        died = speciate(*arguments, cwd=self.path, **{VARIABLE: point})
        assert died.returncode == -signal.SIGKILL, died.stderr

    def ends_like(self, name: str, run: str = "it") -> None:
        """The run, its weights, its champion and its report are what they are in what was made."""
        here, there = self.path / "runs" / run, self.whole[name] / "runs" / "it"
        assert results(shown(run, self.path)) == results(shown("it", self.whole[name]))
        for part in ("weights", "champion", "figures"):
            assert names(here / part) == names(there / part)  # nothing is left over, and nothing is missing
        assert (here / "champion/model.safetensors").read_bytes() == (
            there / "champion/model.safetensors"
        ).read_bytes()
        assert report_data(here).findings == report_data(there).findings
        assert "</html>" in (here / "report.html").read_text()


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@dataclass(frozen=True)
class Case:
    """How a point is reached, and what is compared afterwards.

    Attributes:
        visit: Lets a command die there, goes on, and looks.
        count: At which passing of the point.
    """

    visit: Callable[[Place, str], None]
    count: int = 1


def a_run(place: Place, point: str) -> None:
    place.die(point, "run", *HEIRS, "--name", "it", "--quiet")
    place.run("resume", "it", "--quiet")
    place.ends_like("whole")


def a_run_on_folds(place: Place, point: str) -> None:
    """Its final is that of tables: several networks answer together, and are trained again on all rows."""
    place.die(point, "run", *TOGETHER, "--name", "it", "--quiet")
    place.run("resume", "it", "--quiet")
    place.ends_like("together")


def a_run_without_settings(place: Place, point: str) -> None:
    """It had not begun: there is nothing to go on with, and nothing to lose."""
    place.die(point, "run", *HEIRS, "--name", "it", "--quiet")
    again = speciate("run", *HEIRS, "--name", "it", "--quiet", cwd=place.path)
    assert again.returncode == 73
    assert "delete" in again.stderr
    shutil.rmtree(place.path / "runs" / "it")
    place.run("run", *HEIRS, "--name", "it", "--quiet")
    place.ends_like("whole")


def a_run_of_three(place: Place, point: str) -> None:
    """Generations, so that weights of the first are not needed any more."""
    place.die(point, "run", *HEIRS, *LONGER, "--name", "it", "--quiet")
    place.run("resume", "it", "--quiet")
    place.ends_like("longer")


def an_asynchronous_run(place: Place, point: str) -> None:
    """Who finishes first is chance; what is recorded stays, and is gone on from."""
    asynchronous = [*SETTINGS[:-2], *FINAL, "--workers", "1", "--asynchronous", "--name", "it", "--quiet"]
    place.die(point, "run", *asynchronous)
    before, order = recorded(RunFolder(place.path / "runs/it"))
    place.run("resume", "it", "--quiet")
    after, later = recorded(RunFolder(place.path / "runs/it"))
    assert later[: len(order)] == order != []
    done = [row for row in before if row.status != "pending"]
    assert [what_it_came_to(after[row.id]) for row in done] == [what_it_came_to(row) for row in done]
    assert [row.key for row in after[: len(before)]] == [row.key for row in before]
    assert shown("it", place.path)["status"] == "finished"


def a_longer_run(place: Place, point: str) -> None:
    place.take("whole")
    place.die(point, "resume", "it", *LONGER, "--quiet")
    place.run("resume", "it", *LONGER, "--quiet")
    place.ends_like("longer")


def an_old_run(place: Place, point: str) -> None:
    """Its database is as the last version but one of the schema would have left it."""
    place.take("whole")
    age(place.path / "runs/it/run.sqlite", VERSION - 1)
    place.die(point, "resume", "it", *LONGER, "--quiet")
    place.run("resume", "it", *LONGER, "--quiet")
    place.ends_like("longer")
    with closing(sqlite3.connect(place.path / f"runs/it/run.schema-{VERSION - 1}.sqlite")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION - 1,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list((place.path / "runs/it").glob(".*.tmp"))


def age(database: Path, version: int) -> None:
    """Put the rows of a database into a frozen one of an older version, as far as they fit."""
    old = database.with_name("old.sqlite")
    shutil.copyfile(FROZEN / f"schema-{version}.sqlite", old)
    with closing(sqlite3.connect(old)) as db:
        db.execute("ATTACH ? AS new", (str(database),))
        tables = [t for (t,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in tables:
            names = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")
        db.commit()
    for left in database.parent.glob("run.sqlite*"):
        left.unlink()
    old.rename(database)


def a_salvaged_run(place: Place, point: str) -> None:
    place.take("whole")
    place.die(point, "doctor", "it", "--salvage")
    place.run("doctor", "it", "--salvage")
    place.run("resume", "it-salvaged-2", "--quiet")
    place.ends_like("whole", "it-salvaged-2")


def a_run_with_a_gap(place: Place, point: str) -> None:
    """A candidate could not be salvaged, so that it and all later ones come again."""
    place.take("whole")
    with closing(sqlite3.connect(place.path / "runs/it/run.sqlite")) as db:
        db.execute("DELETE FROM evaluations WHERE candidate = 5")
        db.execute("DELETE FROM candidates WHERE id = 5")
        db.execute("INSERT OR REPLACE INTO run VALUES ('salvaged', 'true')")
        db.commit()
    place.die(point, "resume", "it", "--quiet")
    place.run("resume", "it", "--quiet")
    place.ends_like("whole")


def a_collection(place: Place, point: str) -> None:
    place.take("whole")
    weights = place.path / "runs/it/weights"
    for digits in ("ab", "cd"):
        (weights / f"{digits * 32}.safetensors").write_bytes(b"x")
    place.die(point, "gc", "it")
    place.run("gc", "it")
    assert names(weights) == names(place.whole["whole"] / "runs/it/weights")
    place.run("resume", "it", *LONGER, "--quiet")
    place.ends_like("longer")


def a_report(place: Place, point: str) -> None:
    """Of a run that is over; the command is given again, and draws the pictures that are not there."""
    place.take("whole")
    for picture in (place.path / "runs/it/figures").iterdir():
        picture.unlink()
    place.die(point, "report", "it")
    place.run("report", "it")
    place.ends_like("whole")


def a_file_for_rows(place: Place, point: str) -> None:
    """Predictions, or scores of rows with known answers."""
    command, end = ("predict", "csv") if point.startswith("prediction") else ("score", "json")
    place.take("whole")
    (place.path / "few.csv").write_text(
        "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),target\n5,3,4,1,setosa\n6,3,5,2,virginica\n"
    )
    place.die(point, command, "it", "few.csv", "--out", f"there.{end}")
    place.run(command, "it", "few.csv", "--out", f"there.{end}")
    place.run(command, "it", "few.csv", "--out", f"again.{end}")
    assert (place.path / f"there.{end}").read_text() == (place.path / f"again.{end}").read_text() != ""


def an_export(place: Place, point: str) -> None:
    """The name belongs to the whole file, or to nobody."""
    place.take("whole")
    command, file = ["export", "it", "--format", "torch", "--out", "it.pt2"], place.path / "it.pt2"
    place.die(point, *command)
    assert file.exists() == point.startswith("export-named")
    if not file.exists():
        place.run(*command)
    import torch

    torch.export.load(file)


def a_comparison(place: Place, point: str) -> None:
    place.die(point, "compare", *COMPARED)
    place.run("resume", "it", "--quiet")
    for run in ("tournament-0", "random-0"):
        found, whole = (shown(f"it/{run}", path) for path in (place.path, place.whole["comparison"]))
        assert results(found) == results(whole)
    assert "</html>" in (place.path / "runs/it/comparison.html").read_text()
    assert names(place.path / "runs/it/figures") == names(place.whole["comparison"] / "runs/it/figures")


def a_comparison_without_settings(place: Place, point: str) -> None:
    """It had not begun either."""
    place.die(point, "compare", *COMPARED)
    assert not (place.path / "runs/it/compare.toml").exists()
    assert speciate("resume", "it", "--quiet", cwd=place.path).returncode == 74


def a_run_without_gradients(place: Place, point: str) -> None:
    place.die(point, "neat", *NEAT, "--name", "it", "--quiet")
    place.run("resume", "it", "--quiet")
    runs = [path / "runs/it" for path in (place.path, place.whole["neat"])]
    assert stored(runs[0]) == stored(runs[1])
    for part in ("champion", "figures"):
        assert names(runs[0] / part) == names(runs[1] / part)
    for file in ("model.safetensors", "model.py"):
        assert len({(run / "champion" / file).read_bytes() for run in runs}) == 1
    assert "</html>" in (runs[0] / "report.html").read_text()


COMPARED = [
    *(*SETTINGS, *FINAL, "--algorithms", "tournament,random", "--seeds", "1", "--name", "it", "--quiet"),
]

CASES = {
    "schema-uncommitted": Case(
        a_run, 2
    ),  # the first is that of a search in memory, with which settings are checked
    "schema-committed": Case(a_run, 2),
    "facts-uncommitted": Case(a_run, 4),
    "facts-committed": Case(a_run),
    "baseline-uncommitted": Case(a_run, 2),
    "baseline-committed": Case(a_run, 2),
    "candidates-uncommitted": Case(a_run, 3),
    "candidates-committed": Case(a_run, 2),
    "evaluations-uncommitted": Case(a_run, 5),
    "evaluations-committed": Case(a_run, 4),
    "event-uncommitted": Case(a_run),
    "event-committed": Case(a_run),
    "configuration-unnamed": Case(a_run_without_settings),
    "configuration-named": Case(a_run),
    "manifest-unnamed": Case(a_run),
    "manifest-named": Case(a_run),
    "weights-unnamed": Case(a_run, 6),
    "weights-named": Case(a_run, 6),
    "weights-removed": Case(a_run_of_three),
    "weights-deleted": Case(a_run),
    "model-unnamed": Case(a_run, 2),
    "model-named": Case(a_run, 2),
    "champion-unnamed": Case(a_run),
    "champion-named": Case(a_run),
    "champion-put-aside": Case(a_longer_run),
    "picture-unnamed": Case(a_run, 2),
    "picture-named": Case(a_report, 2),
    "report-unnamed": Case(a_run),
    "report-named": Case(a_report),
    "reopening-uncommitted": Case(a_longer_run),
    "reopening-committed": Case(a_longer_run),
    "migration-uncommitted": Case(an_old_run),
    "migration-committed": Case(an_old_run),
    "backup-unnamed": Case(an_old_run),
    "backup-named": Case(an_old_run),
    "salvaged-uncommitted": Case(a_salvaged_run),
    "salvaged-committed": Case(a_salvaged_run),
    "gaps-uncommitted": Case(a_run_with_a_gap),
    "gaps-committed": Case(a_run_with_a_gap),
    "prediction-unnamed": Case(a_file_for_rows),
    "prediction-named": Case(a_file_for_rows),
    "score-unnamed": Case(a_file_for_rows),
    "score-named": Case(a_file_for_rows),
    "export-unnamed": Case(an_export),
    "export-named": Case(an_export),
    "comparison-unnamed": Case(a_comparison_without_settings),
    "comparison-named": Case(a_comparison),
}
"""A case for every point."""

MORE = {
    "evaluations-committed": [
        *(Case(an_asynchronous_run, 6), Case(a_run_without_gradients, 3)),
        *(Case(a_run_on_folds, 3), Case(a_run_on_folds, 5)),  # in the final, and later
    ],
    "facts-committed": [Case(a_run_on_folds, 4)],  # the champion's, after its test
    "facts-uncommitted": [Case(a_run_on_folds, 5)],  # its, after its training again
    "weights-named": [Case(a_run_on_folds, 15)],  # of one that is trained again
    "candidates-uncommitted": [Case(a_run_without_gradients, 2)],
    "champion-unnamed": [Case(a_longer_run), Case(a_run_without_gradients)],
    "configuration-unnamed": [Case(a_longer_run)],
    "report-unnamed": [Case(a_run_without_gradients), Case(a_comparison)],
    "weights-deleted": [Case(a_collection)],
}
"""More ways to some of them."""

ALL = [(p, case) for p in sorted(CASES) for case in (CASES[p], *MORE.get(p, ()))]


def test_every_point_in_the_code_is_visited() -> None:
    assert points() == set(CASES)


def test_whatever_becomes_permanent_has_a_point() -> None:
    without = {
        where
        for where, _, calls in functions()
        if any(map(is_permanent, calls)) and not any(called(call) in MAKERS for call in calls)
    }
    assert without == set()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What commands make that nobody kills."""
    base = tmp_path_factory.mktemp("whole")
    made: dict[str, Path] = {}

    def make(name: str, *arguments: str, of: str = "") -> None:
        place = Place(base / name, made)
        if of:
            place.take(of)
        place.run(*arguments)
        made[name] = place.path

    make("whole", "run", *HEIRS, "--name", "it", "--quiet")
    make("together", "run", *TOGETHER, "--name", "it", "--quiet")
    make("longer", "resume", "it", *LONGER, "--quiet", of="whole")
    make("neat", "neat", *NEAT, "--name", "it", "--quiet")
    make("comparison", "compare", *COMPARED)
    return made


@pytest.mark.parametrize(("point", "case"), ALL, ids=[f"{p}-{c.visit.__name__}" for p, c in ALL])
def test_a_crash_there_changes_nothing(
    point: str, case: Case, whole: dict[str, Path], tmp_path: Path
) -> None:
    case.visit(Place(tmp_path / "place", whole), f"{point}:{case.count}")
