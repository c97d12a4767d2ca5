"""Conducts a run for a command: watches it, stops it in good order, prints what it came to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

import typer

from speciate.cli.signals import Stopped, stoppable
from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.config import NeuroConfig, RunConfig
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search

    Prepare = Callable[[Sequence[Callback]], tuple[RunConfig | NeuroConfig, Search]]
    """Makes the search, given what watches it."""


def conduct(prepare: Prepare, *, quiet: bool, json: bool, first: str = "reading the data") -> None:
    """Run to the end and print what it came to.

    Args:
        prepare: Makes the search.
        quiet: Whether to print nothing but errors.
        json: Whether to print JSON.
        first: What is done before the run begins.
    """
    from speciate.config import report

    search: Search | None = None
    with stop_in_order(lambda: kept(search)):
        with busy(first, quiet=quiet, json=json):
            config, search = prepare(_watchers(quiet, json))
        search.run(**config.limits)
        with busy("writing the report", quiet=quiet, json=json):
            page = report(search)
    _finish(search, "" if page is None else str(page), quiet=quiet, json=json)


def busy(what: str, *, quiet: bool, json: bool) -> AbstractContextManager[object]:
    """Say what takes a moment, while it does, where somebody can see it come and go."""
    if quiet:
        return nullcontext()
    from speciate.terminal import status

    return status(what, stderr=json)


@contextmanager
def stop_in_order(kept: Callable[[], str]) -> Iterator[None]:
    """Turn a signal into a few lines and its exit code; add to an error what was kept.

    Args:
        kept: Says what is there already, and how to go on with it.

    Raises:
        typer.Exit: It was interrupted.
        SpeciateError: It failed.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        with stoppable():
            yield
    except Stopped as stop:
        with suppress(OSError, SpeciateError):  # the terminal may be what went away
            _print_kept(kept())
        raise typer.Exit(stop.code) from None
    except SpeciateError as error:
        error.kept = error.kept or kept()
        raise


def kept(search: Search | None) -> str:
    """What a stopped run leaves, and how to go on with it; nothing if it left nothing."""
    from speciate.store import glance
    from speciate.terminal.output import reference
    from speciate.text import counted

    if search is None or search.folder is None or not search.folder.configuration.exists():
        return ""
    path = search.folder.path
    done = glance(search.folder, path.parent).get("evaluations", 0) if search.folder.exists else 0
    return f"{counted(done, 'evaluation')} in {path}; go on with: speciate resume {reference(path)}"


def _watchers(quiet: bool, json: bool) -> list[Callback]:
    if quiet:
        return []
    from speciate.terminal.watch import watcher

    return [watcher(stderr=json)]


def _finish(search: Search, report: str, *, quiet: bool, json: bool) -> None:
    from speciate.store import RunSummary
    from speciate.terminal import print_json, print_result

    assert search.folder is not None
    if json:
        print_json(RunSummary.read(search.folder).to_json())
    elif not quiet:
        print_result(RunSummary.read(search.folder).to_json(), report)


def _print_kept(text: str) -> None:
    from speciate.terminal import console
    from speciate.terminal.output import Block

    lines = [("stopped", "interrupted" if text else "interrupted before anything was done")]
    console(stderr=True).print(Block([*lines, *([("kept", text)] if text else [])], 9))
