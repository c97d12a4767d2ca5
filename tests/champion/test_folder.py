"""A champion's folder is complete or absent, and a run puts it back where it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_runs import champion_folder, search

from speciate.champion import load_model
from speciate.champion.model import FILES
from speciate.data import load_data
from speciate.errors import CreationError, StorageError, UsageError
from speciate.files import folders as module
from speciate.files import replace_folder
from speciate.run.search import Search
from speciate.store import RunFolder, is_current


@pytest.fixture
def copy(classifier: Search, tmp_path: Path) -> Search:
    """The same run in a folder of its own."""
    assert classifier.folder is not None
    shutil.copytree(classifier.folder.path, tmp_path / "run")
    return search(str(load_data_source(classifier)), "kind", tmp_path / "run")


def load_data_source(of: Search) -> str:
    return str(of.evaluator.facts()["source"])


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_the_folder_holds_four_files(classifier: Search) -> None:
    folder = champion_folder(classifier)
    assert set(contents(folder)) == set(FILES)
    assert {path.name for path in folder.parent.iterdir() if path.name.startswith(".champion")} == set()
    assert classifier.champion is not None
    assert is_current(folder, str(classifier.champion.weights))


@pytest.mark.parametrize("loss", ["folder", "file", "byte", "other champion"])
def test_resume_puts_it_back(classifier: Search, copy: Search, loss: str) -> None:
    folder = champion_folder(copy)
    if loss == "folder":
        shutil.rmtree(folder)
    elif loss == "file":
        (folder / "README.md").unlink()
    elif loss == "byte":
        (folder / "model.safetensors").write_bytes(b"x")
    else:
        text = (folder / "model.json").read_text()
        assert classifier.champion is not None
        (folder / "model.json").write_text(
            text.replace(f'"trained": "{classifier.champion.weights}"', '"trained": "0"')
        )
    copy.run(evaluations=2)
    original = contents(champion_folder(classifier))
    assert {k: v.replace(b'"name": "run"', b"") for k, v in contents(folder).items() if k != "README.md"} == {
        k: v.replace(b'"name": "run"', b"") for k, v in original.items() if k != "README.md"
    }


@pytest.mark.fault(18)
def test_lost_weights_are_trained_again(copy: Search) -> None:
    assert copy.folder is not None
    model = copy.folder.champion / "model.safetensors"
    before = model.read_bytes()
    shutil.rmtree(copy.folder.champion)
    shutil.rmtree(copy.folder.weights.path)
    copy.run(evaluations=2)
    assert copy.status == "finished"
    assert model.read_bytes() == before
    _, kind, message = copy.store.events()[-1]
    assert (kind, message[-46:]) == ("restored", "were lost and are trained again, the same ones")


def test_the_same_run_writes_the_same_folder(classifier: Search, tmp_path: Path) -> None:
    again = search(load_data_source(classifier), "kind", tmp_path / "kinds").run(evaluations=2)
    assert contents(champion_folder(again)) == contents(champion_folder(classifier))


@pytest.mark.fault(12)
def test_a_failure_leaves_the_older_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "champion"
    replace_folder(folder, {"a": b"1", "b": b"2"})

    def full(path: Path, content: bytes, kind: str) -> None:
        if path.name == "b":
            raise StorageError("cannot write b")
        path.write_bytes(content)

    monkeypatch.setattr(module, "write_file", full)
    with pytest.raises(StorageError):
        replace_folder(folder, {"a": b"3", "b": b"4"})
    assert contents(folder) == {"a": b"1", "b": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["champion"]


def test_a_folder_that_cannot_be_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "champion"
    replace_folder(folder, {"a": b"1"})
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.suffix == ".tmp":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(CreationError, match="Input/output error"):
        replace_folder(folder, {"a": b"2"})
    assert contents(folder) == {"a": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["champion"]


def test_what_a_dead_process_left_is_removed_once_the_run_is_locked(tmp_path: Path) -> None:
    for name in (".champion.1.tmp", ".champion.1.old", ".champion.1.0123abcd.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.json").touch()
    (tmp_path / ".champion.v1.bak").mkdir()
    (tmp_path / ".champion.1.old" / "notes.txt").touch()
    folder = RunFolder(tmp_path)
    folder.lock()
    folder.unlock()
    assert {path.name for path in tmp_path.iterdir()} == {".champion.v1.bak", ".champion.1.old", "run.lock"}
    assert [path.name for path in (tmp_path / ".champion.1.old").iterdir()] == ["notes.txt"]


def test_a_folder_on_a_strange_path(classifier: Search, tmp_path: Path) -> None:
    assert classifier.folder is not None
    folder = tmp_path / "mein Läuf, 2 [x] 'y'"
    shutil.copytree(classifier.folder.path, folder)
    shutil.rmtree(folder / "champion")
    search(load_data_source(classifier), "kind", folder).run(evaluations=2)
    assert load_model(folder).task == load_data(load_data_source(classifier), target="kind").task


def test_a_finished_run_gives_its_model(classifier: Search, table: Path) -> None:
    assert classifier.folder is not None
    opened = search(load_data_source(classifier), "kind", classifier.folder.path)
    expected = load_model(classifier.folder.path).predict_table(str(table))
    assert opened.model.predict_table(str(table)).equals(expected)
    fresh = search("sklearn:iris", None, table.with_name("none"))
    with pytest.raises(UsageError, match="has not been run"):
        _ = fresh.model
