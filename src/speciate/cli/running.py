"""Conducts a run or a comparison for a command: watches it, stops it in good order, prints what it came to."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from types import FrameType
from typing import TYPE_CHECKING

import typer

from speciate.cli.main import BEGAN
from speciate.errors import SpeciateError

if TYPE_CHECKING:
    from speciate.compare import Comparison, Watch
    from speciate.config import AnyConfig
    from speciate.run.callbacks import Callback
    from speciate.run.search import Search
    from speciate.store import RunSummary

    Prepare = Callable[[Sequence[Callback]], tuple[AnyConfig, Search]]
    """Makes the search, given what watches it."""

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
"""The signals that stop a run, and the exit codes they lead to."""


class Stopped(KeyboardInterrupt):
    """A signal asks the run to stop. It unwinds like Ctrl-C does, whatever the signal.

    Args:
        code: The exit code that it leads to.
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def conduct(prepare: Prepare, *, quiet: bool, json: bool, first: str = "reading the data") -> None:
    """Run to the end and print what it came to.

    Args:
        prepare: Makes the search.
        quiet: Whether to print nothing but errors.
        json: Whether to print JSON.
        first: What is done before the run begins.
    """
    from speciate.config import report
    from speciate.store import RunSummary

    search: Search | None = None
    began = BEGAN.get(time.monotonic())
    with stop_in_order(lambda: kept(search)):
        with busy(first, quiet=quiet, json=json):
            config, search = prepare(_watchers(quiet, json))
        search.began = began
        search.run(**config.limits)
        assert search.folder is not None
        with busy("writing the report", quiet=quiet, json=json):
            run = RunSummary.read(search.folder)  # once: a long one takes a moment
            page = report(search, run)
    _finish(run, "" if page is None else str(page), quiet=quiet, json=json)


def busy(what: str, *, quiet: bool, json: bool) -> AbstractContextManager[object]:
    """Say what takes a moment, while it does, where a person can see it come and go."""
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


def _finish(run: RunSummary, report: str, *, quiet: bool, json: bool) -> None:
    from speciate.terminal import print_json, print_result

    if json:
        print_json(run.to_json())
    elif not quiet:
        print_result(run.to_json(), report)


def _print_kept(text: str) -> None:
    from speciate.terminal import console
    from speciate.terminal.output import Block

    lines = [("stopped", "interrupted" if text else "interrupted before anything was done")]
    console(stderr=True).print(Block([*lines, *([("kept", text)] if text else [])], 9))


def conduct_comparison(prepare: Callable[[], Comparison], *, quiet: bool, json: bool) -> None:
    """Run what is not finished, write the report, print which is better."""
    from speciate.config import load

    comparison: Comparison | None = None
    with stop_in_order(lambda: _kept_of(comparison)):
        comparison = prepare()
        with busy("reading the data", quiet=quiet, json=json):
            data = load(comparison.config)
        if not quiet:
            from speciate.terminal import print_labeled

            print_labeled(comparison.describe(data), stderr=json)
        comparison.run(data, (lambda label: None) if quiet else _watch(json))
    _finish_comparison(comparison, quiet=quiet, json=json)


def _watch(json: bool) -> Watch:
    from speciate.terminal.watch import watcher

    return lambda label: watcher(stderr=json, label=label)


def _kept_of(comparison: Comparison | None) -> str:
    from speciate.terminal.output import reference

    if comparison is None:
        return ""
    done, folder = comparison.finished, comparison.folder
    return (
        f"{done} of {len(comparison.plan)} runs in {folder}; go on with: speciate resume {reference(folder)}"
    )


def _finish_comparison(comparison: Comparison, *, quiet: bool, json: bool) -> None:
    from speciate.report import comparison_json, comparison_lines, write_comparison
    from speciate.terminal import print_json, print_lines

    folder, order = comparison.folder, comparison.algorithms
    page = write_comparison(folder, order)
    if json:
        print_json(comparison_json(folder, order))
    elif not quiet:
        print_lines([*comparison_lines(folder, order), "", f"report: {page}"])


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` at the first signal, and leave at once at the second.

    Nothing is lost by leaving at once: what is finished is in the database, workers end with their driver, and the
    lock on the run is the system's.
    """
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        code = CODES[signal.Signals(number)]
        if stopping:
            _leave(code)
        stopping = True
        raise Stopped(code)

    # A signal that was switched off before we started, as nohup does, stays off.
    active = [number for number in CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in active}
    try:
        yield
    except Stopped:
        raise  # the handlers stay: the second signal may come while the end is being printed
    except BaseException:
        _restore(before)
        raise
    else:
        _restore(before)


def _restore(handlers: Mapping[signal.Signals, object]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def _leave(code: int) -> None:
    with suppress(OSError, ValueError):
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[?25h\n")  # the live view hides the cursor
            sys.stdout.flush()
    os._exit(code)
