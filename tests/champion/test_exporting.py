"""Champions outside of their runs."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch
from small_runs import champion_folder

from speciate.champion import FORMATS, export, load_model
from speciate.errors import CreationError, DataError, StorageError, UsageError
from speciate.run.search import Search


def test_code_is_a_folder_of_its_own(classifier: Search, tmp_path: Path) -> None:
    out = export(champion_folder(classifier), tmp_path / "deep" / "model", "code")
    for file in champion_folder(classifier).iterdir():
        assert (out / file.name).read_bytes() == file.read_bytes()


def test_code_is_written_anew(classifier: Search, tmp_path: Path) -> None:
    first = export(champion_folder(classifier), tmp_path / "first")
    (first / "model.py").write_text("raise SystemExit")
    second = export(first, tmp_path / "second")
    assert (second / "model.py").read_bytes() == (champion_folder(classifier) / "model.py").read_bytes()


def test_torch(classifier: Search, digits: Search, tmp_path: Path) -> None:
    for i, run in enumerate((classifier, digits)):
        model = load_model(champion_folder(run))
        file = export(champion_folder(run), tmp_path / f"{i}.pt2", "torch")
        program = torch.export.load(file).module()
        for rows in (1, 5):
            x = torch.rand(rows, *model.preprocessing.input_shape)
            assert torch.allclose(program(x), model.module(x), atol=1e-6)
        with zipfile.ZipFile(file) as archive:
            assert not [name for name in archive.namelist() if b"\x80\x02" in archive.read(name)[:200]]


def test_what_cannot_be_exported(classifier: Search, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=", ".join(FORMATS)):
        export(champion_folder(classifier), tmp_path / "x", "pickle")
    with pytest.raises(CreationError, match="something already"):
        export(champion_folder(classifier), tmp_path)
    with pytest.raises(DataError):
        export(tmp_path, tmp_path / "x")
    (tmp_path / "file").touch()
    with pytest.raises(CreationError):
        export(champion_folder(classifier), tmp_path / "file" / "x")


def test_a_place_that_cannot_be_written_is_one_error_and_not_two(
    classifier: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes, kind: str, tidy: bool) -> None:
        raise StorageError("cannot write x", where=str(path), why="No space left", hint="free 2 MB")

    monkeypatch.setattr("speciate.champion.exporting.write_file", full)
    out = tmp_path / "x.pt2"
    with pytest.raises(CreationError) as caught:
        export(champion_folder(classifier), out, "torch")
    assert caught.value.lines() == [
        ("error", "cannot write the model"),
        ("where", str(out)),
        ("why", "No space left"),
        ("try", "free 2 MB"),
    ]
