"""Runs that version 0.1.0 made are shown, reported, predicted with and gone on with as it did.

`make.py` made them, once. Only the command and the database are used here, so that nothing inside the package has to stay
where it is. What is computed again is compared bit by bit; where that may differ for a reason that is none of the code's
(another version of torch, another kind of processor), the test is skipped and says so.
"""

from __future__ import annotations

import io
import json
import shutil
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

import pandas as pd
import pytest
from tests.frozen.stored import (
    FLOWERS,
    FROZEN,
    asked,
    champion,
    fact,
    files,
    processor,
    rounded,
    rows,
    stored,
)
from tests.inside import Done, shown, speciate

NAMES = sorted(path.name for path in FROZEN.iterdir())

BOTH = [(name, part) for name in NAMES for part in ("whole", "half")]

TIMES = {"seconds", "created", "time", "folder"}
"""Keys of `show --json` that tell nothing but when, how long and where."""

NEWER = {"diagnostics", "verdict", "log_loss", "log loss", "calibration error"}
"""Keys of what 0.1.0 did not measure or say."""


def said(name: str) -> dict[str, Any]:
    """What 0.1.0 said."""
    found = json.loads((FROZEN / name / "said.json").read_text())
    assert isinstance(found, dict)
    return found


def thawed(name: str, part: str, tmp_path: Path) -> Path:
    """A copy of a run, in a folder in which the command finds it."""
    return Path(shutil.copytree(FROZEN / name / part, tmp_path / "runs" / name))


def timeless(found: Any) -> Any:
    """The same without times, places and what is newer."""
    if isinstance(found, dict):
        return {key: timeless(value) for key, value in found.items() if key not in TIMES | NEWER}
    return [timeless(value) for value in found] if isinstance(found, list) else found


def now(package: str) -> str:
    """The version of a package, or of Python."""
    if package == "python":
        return python_version()
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def others(folder: Path) -> list[str]:
    """Packages that are not what they were when the run was made, this one excepted."""
    then = fact(folder, "versions")
    return [name for name in then if name != "speciate" and then[name] != now(name)]


def resumed(name: str, tmp_path: Path) -> Done:
    """Go on with a run; with one of an older version of this package if that is all that has changed."""
    folder = tmp_path / "runs" / name
    different, own = others(folder), fact(folder, "versions")["speciate"]
    done = speciate("resume", name, "--quiet", cwd=tmp_path)
    if different:
        assert done.returncode == 78
        assert "--accept-changes" in done.said
        pytest.skip(f"the run is refused, since these are other versions: {', '.join(different)}")
    if done.returncode == 78 and own != now("speciate"):
        done = speciate("resume", name, "--quiet", "--accept-changes", cwd=tmp_path)
        why = f"the run cannot be repeated any more: speciate: was {own}, is {now('speciate')}"
        assert asked(folder, "SELECT message FROM events WHERE kind = 'changed'") == [(why,)]
    return done


def unless_elsewhere(name: str) -> None:
    """Skip what is not the same where numbers are rounded otherwise."""
    then, here = said(name)["processor"], processor()
    if then != here:
        pytest.skip(f"bits differ, on another kind of processor: {here}, was {then}")


def kept(folder: Path) -> dict[str, bytes]:
    """The files with weights; and the champion's others, which name the versions, unless these have changed.

    A champion of connections is written again whenever its run is resumed, by the code that there is now.
    """
    found = files(folder, "champion", "weights")
    about = json.loads(found["champion/model.json"])
    same = fact(folder, "versions")["speciate"] == "0.1.0" and about["format"] == "speciate-model"
    return {name: content for name, content in found.items() if same or name.endswith(".safetensors")}


def described(folder: Path) -> dict[str, Any]:
    """What the champion's model.json says, versions aside."""
    found = json.loads((folder / "champion" / "model.json").read_text())
    return {key: value for key, value in found.items() if key != "versions"}


def has_all(now: Any, before: Any) -> bool:
    """Whether everything that was said is said now; more may be."""
    if not isinstance(before, dict):
        return bool(now == before)
    return isinstance(now, dict) and all(has_all(now.get(key), value) for key, value in before.items())


def without_changes(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What is stored, but for the remarks that the package or the database has another version."""
    later = {"changed", "migrated"}
    return {**found, "events": [event for event in found["events"] if event[0] not in later]}


def test_there_are_runs() -> None:
    assert NAMES == ["graph", "mlp", "table", "xor"]
    assert (FROZEN / "mlp/half/run.sqlite-wal").stat().st_size > 0  # as the kill left it


@pytest.mark.parametrize(("name", "part"), BOTH)
def test_it_is_shown(name: str, part: str, tmp_path: Path) -> None:
    folder = thawed(name, part, tmp_path)
    expected = said(name)[part]
    assert timeless(shown(name, tmp_path)) == timeless(expected["show"])
    assert rows(folder) == expected["rows"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_healthy_and_reported(name: str, tmp_path: Path) -> None:
    folder, codes = thawed(name, "whole", tmp_path), said(name)["codes"]
    before = stored(folder), files(folder, "champion", "weights")
    for command in ("doctor", "report"):
        done = speciate(command, name, cwd=tmp_path)
        assert done.returncode == codes[command] == 0, done.said
    assert "</html>" in (folder / "report.html").read_text()
    assert (stored(folder), files(folder, "champion", "weights")) == before


@pytest.mark.parametrize("name", NAMES)
def test_it_predicts(name: str, tmp_path: Path) -> None:
    folder = thawed(name, "whole", tmp_path)
    expected = said(name)
    done = speciate("predict", name, str(FLOWERS), cwd=tmp_path)
    assert done.returncode == expected["codes"]["predict"], done.said
    if done.stdout != expected["predicted"]:
        ours, theirs = (pd.read_csv(io.StringIO(text)) for text in (done.stdout, expected["predicted"]))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-5)
        if different := others(folder):
            pytest.skip(f"the last digits differ, with other versions: {', '.join(different)}")
        unless_elsewhere(name)
        assert done.stdout == expected["predicted"]


@pytest.mark.parametrize("name", NAMES)
def test_a_finished_one_stays_as_it_is(name: str, tmp_path: Path) -> None:
    folder = thawed(name, "whole", tmp_path)
    before, known, about = stored(folder), files(folder, "champion", "weights"), described(folder)
    done = resumed(name, tmp_path)
    assert done.returncode == said(name)["codes"]["resume"] == 0, done.said
    assert without_changes(stored(folder)) == before
    assert has_all(described(folder), about)
    assert set(files(folder, "champion", "weights")) == set(known)
    assert kept(folder).items() <= known.items()
    assert rows(folder) == said(name)["whole"]["rows"]


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_one_ends_like_the_finished_one(name: str, tmp_path: Path) -> None:
    folder, expected = thawed(name, "half", tmp_path), said(name)
    finished = [row for row in expected["half"]["rows"] if row[4] is not None]
    done = resumed(name, tmp_path)
    assert done.returncode == expected["codes"]["whole"] == 0, done.said
    ours = rows(folder)
    assert [row for row in ours if row[0] <= finished[-1][0]] == finished  # wherever it goes on
    if ours != expected["whole"]["rows"]:
        unless_elsewhere(name)
    assert ours == expected["whole"]["rows"]
    whole = thawed(name, "whole", tmp_path / "whole")
    assert timeless(rounded(without_changes(stored(folder)))) == rounded(stored(whole))
    assert rounded(champion(folder)) == rounded(expected["champion"])
    assert set(files(folder, "champion")) == set(files(whole, "champion"))
    assert files(folder, "weights") == files(whole, "weights")
    ends = timeless(shown(name, tmp_path))
    ends["events"] = [event for event in ends["events"] if event["kind"] != "migrated"]
    if fact(folder, "versions") == fact(whole, "versions"):
        assert has_all(rounded(ends), rounded(timeless(expected["whole"]["show"])))
    assert "</html>" in (folder / "report.html").read_text()
