"""`speciate show`: what a run came to."""

from __future__ import annotations

from speciate.cli.options import RUNS, Json, Run, Runs

NEEDS_ARGUMENTS = True


def command(run: Run, runs: Runs = RUNS, json: Json = False) -> None:
    """Show a run: champion, baselines, progress, the best networks, failures and cost."""
    from speciate.store import find_run, summarize
    from speciate.store.connection import sensible
    from speciate.terminal import print_json, print_run

    folder = find_run(run, runs)
    summary = summarize(folder)
    with sensible(folder.database):
        (print_json if json else print_run)(summary)
