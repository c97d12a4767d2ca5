"""No pickle is read: every way to load one raises while a run is made, prolonged, reported, used and exported.

The one exception is the machine code of the compiled engine, which Numba keeps in the user's own cache folder in a pickle of
its own. It is a program anyway, as the bytecode in `__pycache__` is.
"""

from __future__ import annotations

import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.inside import shown, speciate

PICKLED = b"\x80"
"""How every pickle since the second protocol begins."""

SETTINGS = [
    *("sklearn:iris", "--population", "3", "--generations", "1", "--finalists", "1", "--repeats", "1"),
    *(
        "--examples",
        "200",
        "--final-examples",
        "200",
        "--inherit",
        "preserve",
        "--backend",
        "inline",
        "--quiet",
    ),
]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Who has loaded a pickle. Raises unless it is Numba's cache."""
    seen: list[str] = []

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def load(*arguments: Any, **options: Any) -> Any:
            module = str(sys._getframe(1).f_globals["__name__"])
            seen.append(module)
            assert module.startswith("numba.core."), f"{module} loads a pickle"
            return real(*arguments, **options)

        return load

    for name in ("load", "loads", "_load", "_loads"):
        monkeypatch.setattr(pickle, name, guarded(getattr(pickle, name)))

    class Unpickler(pickle.Unpickler):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            raise AssertionError("something makes an unpickler")

    monkeypatch.setattr(pickle, "Unpickler", Unpickler)
    return seen


@pytest.mark.slow
@pytest.mark.fault(19)
def test_nothing_is_unpickled(loaded: list[str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="loads a pickle"):
        pickle.loads(pickle.dumps(1))
    with pytest.raises(AssertionError, match="makes an unpickler"):
        pickle.Unpickler(None)  # type: ignore[arg-type]
    rows = pd.DataFrame(
        [[5.1, 3.5, 1.4, 0.2]],
        columns=[f"{a} {b} (cm)" for a in ("sepal", "petal") for b in ("length", "width")],
    )
    rows.to_csv(tmp_path / "rows.csv", index=False)
    for arguments in (
        ["run", *SETTINGS, "--name", "plain"],
        ["resume", "plain", "--generations", "2", "--quiet"],
        ["report", "plain"],
        ["predict", "plain", "rows.csv", "--out", "answers.csv"],
        ["export", "plain", "--format", "code", "--out", "code"],
        ["export", "plain", "--format", "torch", "--out", "model.pt2"],
        ["export", "plain", "--format", "onnx", "--out", "model.onnx"],
        ["doctor", "plain"],
        ["gc", "plain"],
        ["ls"],
    ):
        done = speciate(*arguments, cwd=tmp_path)
        assert done.returncode == 0, (arguments, done.stderr)
    assert shown("plain", tmp_path)["evaluations"] == 6
    assert all(name.startswith("numba.core.") for name in loaded[1:])  # the first is this test itself
    with zipfile.ZipFile(tmp_path / "model.pt2") as archive:
        assert not [name for name in archive.namelist() if archive.read(name)[:1] == PICKLED]


@pytest.mark.fault(19)
def test_no_file_of_a_run_is_a_pickle(tmp_path: Path) -> None:
    done = speciate("run", *SETTINGS, "--name", "plain", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    files = [file for file in (tmp_path / "runs").rglob("*") if file.is_file()]
    assert len(files) > 8
    for file in files:
        assert file.read_bytes()[:1] != PICKLED, f"{file} begins as a pickle does"
        assert file.suffix not in (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy")


@pytest.mark.fault(19)
def test_machine_code_is_not_kept_where_others_can_write(tmp_path: Path) -> None:
    from speciate.jit import _is_private

    assert _is_private(tmp_path)
    tmp_path.chmod(0o777)
    assert not _is_private(tmp_path)
