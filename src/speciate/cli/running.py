"""Conducts a run for a command: watches it, stops it in good order, prints what it came to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from speciate.cli.signals import Stopped, stoppable
from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.callbacks import Callback
    from speciate.config import RunConfig
    from speciate.search import Search

Prepare = Callable[[Sequence["Callback"]], tuple["RunConfig", "Search"]]
"""Makes the search, given what watches it."""


def conduct(prepare: Prepare, *, quiet: bool, json: bool) -> Search:
    """Run to the end and print what it came to.

    Raises:
        typer.Exit: It was interrupted; what was kept is printed.
        SpeciateError: It failed; the error says what was kept.
    """
    search: Search | None = None
    try:
        with stoppable():
            logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
            config, search = prepare(_watchers(quiet, json))
            search.run(**config.limits)
    except Stopped as stop:
        with suppress(OSError):  # the terminal may be what went away
            _tell_what_is_kept(search)
        raise typer.Exit(stop.code) from None
    except SpeciateError as error:
        error.kept = error.kept or kept(search)
        raise
    finish(search, quiet=quiet, json=json)
    return search


def _watchers(quiet: bool, json: bool) -> list[Callback]:
    if quiet:
        return []
    from speciate.terminal import watcher

    return [watcher(stderr=json)]


def finish(search: Search, *, quiet: bool, json: bool) -> None:
    """Print what a run came to."""
    from speciate.runs import summarize
    from speciate.terminal import print_json, print_result

    assert search.folder is not None
    if json:
        print_json(summarize(search.folder))
    elif not quiet:
        print_result(summarize(search.folder))


def kept(search: Search | None) -> str:
    """What a stopped run leaves, and how to go on with it; nothing if it left nothing."""
    from speciate.runs import summarize
    from speciate.terminal.pieces import counted, reference

    if search is None or search.folder is None or not search.folder.configuration.exists():
        return ""
    path = search.folder.path
    done = summarize(search.folder)["evaluations"] if search.folder.exists else 0
    return f"{counted(done, 'evaluation')} in {path}; go on with: speciate resume {reference(path)}"


def _tell_what_is_kept(search: Search | None) -> None:
    from speciate.terminal import console
    from speciate.terminal.blocks import Block

    text = kept(search)
    lines = [("stopped", "the run was interrupted" if text else "nothing was started")]
    console(stderr=True).print(Block([*lines, *([("kept", text)] if text else [])]))
