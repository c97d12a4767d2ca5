"""Finds runs: by the name under the folder of all runs, or by path."""

from __future__ import annotations

from pathlib import Path

from speciate import files
from speciate.errors import StorageError
from speciate.store.folder import RunFolder
from speciate.text import closest

SHOWN = 10
"""Names that an error lists."""


def list_runs(runs: Path) -> list[RunFolder]:
    """The runs in a folder and in the comparisons in it, the one that was written last comes last.

    A comparison has its runs itself: one that is a link is somebody else's.
    """
    if files.kind_of(runs) and not files.kind_of(runs, links=True):
        raise StorageError("the folder of all runs is a link that leads nowhere", where=str(runs))
    inner = [file for file in runs.glob("*/*/run.sqlite") if files.is_folder(file.parent)]
    databases = [*runs.glob("*/run.sqlite"), *inner]
    return [RunFolder(file.parent) for file in sorted(databases, key=_written)]


def _written(database: Path) -> tuple[float, str]:
    log = database.with_name("run.sqlite-wal")
    times = [file.lstat().st_mtime for file in (database, log) if files.kind_of(file)]
    return max(times, default=0.0), str(database)


def find_run(run: str, runs: Path) -> RunFolder:
    """The run of a name, or in a folder.

    Args:
        run: A name under `runs`, "latest", or the path of a run's folder.
        runs: The folder of all runs.

    Raises:
        StorageError: There is none; names close ones.
    """
    if run == "latest" and (found := list_runs(runs)):
        return found[-1]
    for path in (runs / run, Path(run)):
        folder = RunFolder(path)
        if folder.exists or files.kind_of(folder.configuration):
            return folder
    raise _unknown(run, runs)


def find_comparison(name: str, runs: Path) -> Path | None:
    """The folder of the comparison of a name or at a path; None if it is not one."""
    return next(
        (files.own(path) for path in (runs / name, Path(name)) if files.kind_of(path / "compare.toml")), None
    )


def find_champion(run: str, runs: Path) -> Path:
    """The folder of a run, or of a champion that lies anywhere.

    Raises:
        StorageError: There is neither.
    """
    if (Path(run) / "model.json").is_file():
        return Path(run)
    return find_run(run, runs).path


def parts_of(champion: Path) -> list[Path]:
    """The files and folders of a run, or of a champion's folder, that nothing else may be written over."""
    return [champion] if files.kind_of(champion / "model.json") else list(RunFolder(champion).parts)


def _unknown(run: str, runs: Path) -> StorageError:
    names = [str(folder.named.relative_to(runs)) for folder in reversed(list_runs(runs))]
    if not names:
        why, hint = (
            f"there are no runs in {runs.resolve()}",
            "speciate run DATA starts one; --runs names another folder",
        )
    else:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        why = f"the runs in {runs.resolve()} are {', '.join(names[:SHOWN])}{more}"
        close = closest(run, names)
        hint = f"did you mean {close}?" if close else "speciate ls lists them; --runs names another folder"
    if find_comparison(run, runs) is not None:
        why = "it is a comparison, which is a folder of runs"
        hint = f"speciate report {run} shows it; its runs are named {run}/ALGORITHM-SEED"
    elif Path(run).is_file():
        why, hint = "it is a file", "name a run, or the folder of a run or of a champion"
    elif Path(run).is_dir():
        why = f"the folder {run} holds no run.sqlite; {why}"
    return StorageError(f"there is no run {run!r:.120}", why=why, hint=hint)
