"""Conducts a comparison for the commands that start one or go on with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from speciate.cli.running import busy, stop_in_order

if TYPE_CHECKING:
    from speciate.compare import Comparison, Watch


def conduct_comparison(prepare: Callable[[], Comparison], *, quiet: bool, json: bool) -> None:
    """Run what is not finished, write the report, print who won."""
    from speciate.config import load

    comparison: Comparison | None = None
    with stop_in_order(lambda: _kept(comparison)):
        comparison = prepare()
        with busy("reading the data", quiet=quiet, json=json):
            data = load(comparison.config)
        if not quiet:
            from speciate.terminal import print_labeled

            print_labeled(comparison.describe(data), stderr=json)
        comparison.run(data, (lambda label: None) if quiet else _watch(json))
    _finish(comparison, quiet=quiet, json=json)


def _watch(json: bool) -> Watch:
    from speciate.terminal.watch import watcher

    return lambda label: watcher(stderr=json, label=label)


def _kept(comparison: Comparison | None) -> str:
    from speciate.terminal.output import reference

    if comparison is None:
        return ""
    done, folder = comparison.finished, comparison.folder
    return (
        f"{done} of {len(comparison.plan)} runs in {folder}; go on with: speciate resume {reference(folder)}"
    )


def _finish(comparison: Comparison, *, quiet: bool, json: bool) -> None:
    from speciate.report import comparison_json, comparison_lines, write_comparison
    from speciate.terminal import print_json, print_lines

    folder, order = comparison.folder, comparison.algorithms
    page = write_comparison(folder, order)
    if json:
        print_json(comparison_json(folder, order))
    elif not quiet:
        print_lines([*comparison_lines(folder, order), "", f"report: {page}"])
